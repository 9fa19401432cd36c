"""Schedules that were thought up: each goes where one thing that must not happen would happen.

Chance finds such places too, after some hundred schedules; these are played every time.
"""

from typing import Final

from tests.chaos.files import BOARD
from tests.chaos.schedule import (
    ApplyIt,
    Change,
    Config,
    Crash,
    Declared,
    Edit,
    Fault,
    Faulty,
    Happening,
    Incident,
    Interrupt,
    LedgerFails,
    Outside,
    Person,
    PlanIt,
    ResumeIt,
    Rival,
    Run,
    Schedule,
    Step,
    Suspend,
    Switches,
    Trigger,
    UnlockIt,
    Wait,
)

PEOPLE: Final = (
    Person("u0", "one", "none"),
    Person("u1", "one", "one"),
    Person("u2", "one", "none"),
    Person("u3", "one", "one"),
    Person("u4", "one", "none"),  # waits for the handover
    Person("u5", "board", "one"),  # protected
    Person("u6", "one", "one", twin=True),
    Person("u7", "two", "one"),
)
MANIFEST: Final = (
    Declared("u0", ("google",)),
    Declared("u1", ("google",), bot_name="Scribe"),
    Declared("u2", ()),
    Declared("u3", ("microsoft",)),
    Declared("u4", ("microsoft",)),
    Declared("u5", ("microsoft",)),
    Declared("u6", ("microsoft",)),
    Declared("u7", ("microsoft",)),
)
FEWER: Final = MANIFEST[:3]
OTHERS: Final = (Declared("u0", ("google",)), Declared("u1", ("microsoft",)), *MANIFEST[2:])
WIDE: Final = Config(protected=(BOARD,))
AS_A_RULE: Final = Switches()
DAY: Final = 90_000.0

NO_MICROSOFT: Final = Change("disconnect", "u3", "microsoft")
NO_GOOGLE: Final = Change("disconnect", "u1", "google")
AGAIN: Final = (Change("reconnect", "u1", "microsoft"), Change("reconnect", "u2"))
"""Who was disconnected connects again."""


def at(seam: str, *happenings: Happening, nth: int = 0) -> tuple[Incident, ...]:
    return tuple(Incident(Trigger(seam, nth), what) for what in happenings)


def apply(*incidents: Incident, saved: int | None = None, workers: int = 1) -> Run:
    return Run(ApplyIt(saved=saved, workers=workers), incidents)


def trouble(
    *steps: Step,
    people: tuple[Person, ...] = PEOPLE,
    manifests: tuple[tuple[Declared, ...], ...] = (MANIFEST,),
    config: Config = WIDE,
    switches: Switches = AS_A_RULE,
) -> Schedule:
    return Schedule(3, people, manifests, (config,), switches, steps)


def fails(on: str, status: int, **more: object) -> Faulty:
    return Faulty((Fault("status", on=on, status=status, **more),))  # type: ignore[arg-type]


def loses(kind: str, on: str, times: int = 1) -> Faulty:
    return Faulty((Fault(kind, on=on, times=times),))


PLAN: Final = Run(PlanIt())
DIES_WITH_AN_INTENT: Final = at("written:intent", Crash())
DIES_AFTER_A_CALL: Final = at("answer:disconnect", Crash())
DIES_BEFORE_THE_ANSWER: Final = at("leave:disconnect", Crash(after=1))
ACTS_LATE: Final = Faulty((Fault("latency", on="disconnect", latency=25, times=9),))
HASTY: Final = Config(protected=(BOARD,), read_back=3)
LEASE_PASSES: Final = (Rival(ApplyIt(), delay=33), Suspend(45))

TROUBLES: Final[dict[str, Schedule]] = {
    "all goes well": trouble(PLAN, apply(saved=0), apply()),
    # Answers.
    "an answer is lost": trouble(loses("drop_after", "disconnect"), apply()),
    "a call is lost": trouble(loses("drop_before", "disconnect"), apply()),
    "an answer breaks off": trouble(loses("drop_midway", "disconnect"), apply()),
    "an error after the effect": trouble(fails("disconnect", 503, after_effect=True), apply()),
    "an error without one": trouble(fails("disconnect", 500), apply()),
    "a refusal": trouble(fails("disconnect", 404), apply()),
    "not now, and others act meanwhile": trouble(
        fails("disconnect", 429, retry_after="7"),
        apply(*at("answer:disconnect", Outside((*AGAIN, NO_GOOGLE, NO_MICROSOFT)))),
    ),
    "an answer that is proof breaks off": trouble(
        Faulty((Fault("drop_midway", on="disconnect", skip=1),)),
        apply(),
        people=(Person("u2", "one", "one"),),
        manifests=((Declared("u2", ()),),),
        switches=Switches(disconnect_limit=1),
    ),
    "a conflict, over and over": trouble(fails("disconnect", 409, times=6), apply()),
    "a token is refused, and the user deleted": trouble(
        fails("get_user", 401),
        apply(*at("answer:get_user", Outside((Change("delete", "u1"), Change("delete", "u2"))))),
    ),
    "an error and an effect too late to see": trouble(
        loses("drop_after", "disconnect"), apply(), switches=Switches(disconnect_takes=70)
    ),
    "nobody can be read after the call": trouble(
        apply(*at("answer:disconnect", Faulty((Fault("drop_before", on="get_user", times=400),))))
    ),
    "a re-read is answered late": trouble(
        Faulty((Fault("latency", on="get_user", latency=4, answer_delay=4, times=2),)), apply()
    ),
    # The world between the list and the call.
    "what is wanted goes": trouble(
        apply(*at("leave:authenticate", Outside((NO_GOOGLE, NO_MICROSOFT))))
    ),
    "others reconnect": trouble(apply(*at("leave:authenticate", Outside(AGAIN)))),
    "others connect as the board": trouble(
        apply(
            *at(
                "answer:authenticate",
                Outside(
                    (
                        Change("connect", "u2", "microsoft", board=True),
                        Change("reconnect", "u1", "google", board=True),
                    )
                ),
            )
        )
    ),
    "others rename": trouble(
        apply(*at("answer:authenticate", Outside((Change("rename", "u1"), Change("rename", "u2")))))
    ),
    "others begin anew": trouble(
        PLAN,
        Outside((Change("recreate", "u1"), Change("recreate", "u2"), Change("delete", "u3"))),
        apply(saved=0),
    ),
    "others prefer": trouble(
        apply(*at("answer:authenticate", Outside((Change("prefer", "u1"),)), nth=0))
    ),
    "others act after the plan": trouble(
        PLAN, Outside((*AGAIN, NO_GOOGLE, NO_MICROSOFT)), apply(saved=0)
    ),
    # Time.
    "a list grows old": trouble(
        apply(*at("leave:list_users", Suspend(310)), *at("answer:list_users", Suspend(310)))
    ),
    "a re-read grows old": trouble(
        apply(*at("answer:get_user", Suspend(10)), *at("write:intent", Suspend(10)))
    ),
    "an intent grows old": trouble(apply(*at("written:intent", *LEASE_PASSES))),
    "an intent grows old while it connects": trouble(apply(*at("connect", *LEASE_PASSES, nth=3))),
    "a call leaves late": trouble(apply(*at("leave:disconnect", *LEASE_PASSES))),
    # Two at once, and the ledger.
    "two at once": trouble(apply(*at("written:run_opened", Rival(ApplyIt()), Suspend(10)))),
    "it stands still, but not for long": trouble(
        apply(*at("written:run_opened", Rival(ApplyIt(), delay=20), Suspend(25)))
    ),
    "the lock is lost before an intent": trouble(apply(*at("write:intent", *LEASE_PASSES))),
    "the lock is taken away": trouble(
        apply(*at("write:intent", Rival(UnlockIt()), Suspend(10), nth=1))
    ),
    "the lock is taken away after an intent": trouble(
        apply(*at("written:intent", Rival(UnlockIt()), Suspend(3)))
    ),
    "an intent cannot be written": trouble(apply(*at("write:intent", LedgerFails()))),
    "an intent may have been written": trouble(apply(*at("write:intent", LedgerFails(after=True)))),
    "an outcome cannot be written": trouble(apply(*at("write:outcome", LedgerFails()))),
    "an answer cannot be written": trouble(apply(*at("write:answer", LedgerFails(writes=2)))),
    # Deaths.
    "it dies with an intent": trouble(apply(*DIES_WITH_AN_INTENT), Run(ResumeIt())),
    "it dies after a call": trouble(
        loses("drop_after", "disconnect"), apply(*DIES_AFTER_A_CALL), Run(ResumeIt())
    ),
    "it dies after a call that had no effect": trouble(
        loses("drop_before", "disconnect"), apply(*DIES_AFTER_A_CALL), Run(ResumeIt()), apply()
    ),
    "it dies, and nobody can be read": trouble(
        apply(*DIES_AFTER_A_CALL),
        Faulty((Fault("drop_before", on="get_user", times=40),)),
        apply(),
        switches=Switches(disconnect_takes=20),
    ),
    "it dies, and is not settled at once": trouble(
        loses("drop_before", "disconnect"),
        apply(*DIES_AFTER_A_CALL),
        Wait(61),
        loses("drop_before", "get_user", 5),
        apply(),
    ),
    "a plan names who is in doubt": trouble(
        PLAN,
        Wait(5),
        loses("drop_before", "disconnect"),
        apply(*DIES_AFTER_A_CALL),
        Wait(61),
        loses("drop_before", "get_user", 5),
        apply(saved=0),
    ),
    "it dies after a call that shows late": trouble(
        apply(*DIES_AFTER_A_CALL), apply(), switches=Switches(disconnect_takes=20)
    ),
    "the server acts after it died": trouble(
        ACTS_LATE, apply(*DIES_BEFORE_THE_ANSWER), apply(), apply(), config=HASTY
    ),
    "the server acts after it died, and it is resumed": trouble(
        ACTS_LATE, apply(*DIES_BEFORE_THE_ANSWER), Run(ResumeIt()), apply(), config=HASTY
    ),
    "the server acts after it died, and a plan is applied": trouble(
        PLAN, ACTS_LATE, apply(*DIES_BEFORE_THE_ANSWER), apply(saved=0), apply(), config=HASTY
    ),
    "the server acts after several died": trouble(
        ACTS_LATE,
        apply(*DIES_BEFORE_THE_ANSWER),
        apply(*at("answer:get_user", Crash())),
        apply(*at("answer:list_users", Interrupt())),
        apply(),
        config=HASTY,
    ),
    "the server acts late, and the run does not wait for it": trouble(
        Faulty((Fault("latency", on="disconnect", latency=40, times=9),)),
        apply(),
        apply(),
        config=HASTY,
    ),
    "the server acts after an interrupt": trouble(
        ACTS_LATE, apply(*at("leave:disconnect", Interrupt())), apply(), config=HASTY
    ),
    "the server acts late, and the user reconnects meanwhile": trouble(
        ACTS_LATE, apply(*DIES_BEFORE_THE_ANSWER), Outside(AGAIN), apply(), config=HASTY
    ),
    "it is resumed twice": trouble(
        apply(*DIES_WITH_AN_INTENT),
        Run(ResumeIt(), DIES_WITH_AN_INTENT),
        Run(ResumeIt(ago=1)),
        Run(ResumeIt(ago=1)),
    ),
    "it is interrupted": trouble(apply(*at("written:intent", Interrupt())), Run(ResumeIt())),
    # Plans.
    "a plan is used again": trouble(PLAN, apply(saved=0), Outside(AGAIN), apply(saved=0)),
    "a plan expires": trouble(PLAN, Wait(DAY), apply(saved=0)),
    "the manifests change": trouble(
        PLAN, Edit(1), apply(saved=0), manifests=(MANIFEST, OTHERS), config=Config(max_shrink=None)
    ),
    "a run expires": trouble(apply(*DIES_WITH_AN_INTENT), Wait(DAY), Run(ResumeIt())),
    "a run's plan is used by another": trouble(
        PLAN,
        apply(*at("written:run_opened", Crash()), saved=0),
        apply(*DIES_AFTER_A_CALL, saved=0),
        Run(ResumeIt(ago=1)),
    ),
    # Guards.
    "the fleet is cut": trouble(
        apply(),
        Outside(AGAIN),
        Faulty((Fault("truncated_list", on="list_users", keep=2, times=3),)),
        *(apply(),) * 3,
    ),
    "the manifests are cut": trouble(
        apply(), Outside(AGAIN), Edit(1), apply(), apply(), manifests=(MANIFEST, FEWER)
    ),
    "the list is empty": trouble(loses("empty_list", "list_users"), apply()),
    "a list breaks off": trouble(
        Faulty((Fault("drop_midway", on="list_users", skip=1, times=9),)),
        apply(),
        switches=Switches(list_shape="page"),
    ),
    "a refusal is written down and told not to be": trouble(
        Faulty((Fault("not_json", on="list_users", skip=1, times=3),)),
        apply(*at("answer:list_users", LedgerFails(writes=1, after=True))),
        Run(ResumeIt()),
        switches=Switches(list_shape="page"),
    ),
    "a list has a row that is none": trouble(loses("malformed_row", "list_users", 3), apply()),
    "the limit of a day is used up by several runs": trouble(
        *(apply(*DIES_AFTER_A_CALL), apply(), Outside(AGAIN), apply(), Wait(DAY), apply()),
        config=Config(max_percent=None, per_day=3, protected=(BOARD,)),
        people=PEOPLE[:4],
        manifests=(MANIFEST[:4],),
    ),
    "too many": trouble(apply(), config=Config(max_disconnects=1, protected=(BOARD,))),
    "none may be": trouble(apply(), config=Config(max_percent=0, protected=(BOARD,))),
}
