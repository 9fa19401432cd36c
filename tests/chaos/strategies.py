"""How schedules are drawn: small alphabets, so that what can collide does, and much trouble."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from tests.chaos.ending import ALLOWABLE
from tests.chaos.files import BOARD
from tests.chaos.schedule import (
    ApplyIt,
    Calm,
    Change,
    ClockJump,
    Config,
    Configure,
    Crash,
    Declared,
    Edit,
    Fault,
    Faulty,
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

NAMES = tuple(f"u{number}" for number in range(8))


def often(**weights: int) -> st.SearchStrategy[str]:
    """One of the names, each as often as its weight says."""
    return st.sampled_from([name for name, weight in weights.items() for _ in range(weight)])


def choice(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


# The world.

connected = choice(*("one",) * 6, *("none",) * 3, *("null_id",) * 2, *("two", "board"))


@st.composite
def people(draw: st.DrawFn) -> tuple[Person, ...]:
    size = draw(st.integers(2, len(NAMES)))
    return tuple(
        Person(name, draw(connected), draw(connected), twin=draw(st.integers(0, 11)) == 11)
        for name in NAMES[:size]
    )


platforms = choice(
    *(("google",), ("google",), ("microsoft",), ("microsoft",), ("google", "microsoft")),
    *((), (), (), None),
)


@st.composite
def declared(draw: st.DrawFn, name: str) -> Declared:
    kind = draw(st.integers(0, 7))
    found = Declared(
        name,
        draw(platforms),
        immediate=draw(choice(False, False, False, True)),
        bot_name="Scribe" if kind in {1, 2} else None,
        group=kind == 7,
    )
    if found.platforms is None and found.bot_name is None and not found.group:
        return found  # a rule has to ask for something
    return msgspec.structs.replace(found, by=draw(choice(*("entry",) * 4, "row", "row", "rule")))


@st.composite
def manifests(draw: st.DrawFn) -> tuple[tuple[Declared, ...], ...]:
    """Two or three: the later ones say the same of most users."""
    first = {name: draw(declared(name)) for name in NAMES if draw(st.integers(0, 7)) < 7}
    found = [first]
    for _ in range(draw(st.integers(1, 2))):
        later = dict(first)
        if draw(st.integers(0, 3)) == 3:  # half of them got lost
            later = dict(list(first.items())[len(first) // 2 :])
        for name in NAMES:
            match draw(st.integers(0, 9)):
                case 8:
                    later.pop(name, None)
                case 9 | 7:
                    later[name] = draw(declared(name))
        found.append(later)
    return tuple(tuple(users.values()) for users in found)


configs = st.builds(
    Config,
    max_disconnects=choice(10, 10, 10, 10, 10, None, None, 4, 2, 1, 0),
    max_percent=choice(20, 20, 20, 20, None, None, None, 50, 0),
    max_shrink=choice(30, 30, 30, None, 50, 0),
    per_day=choice(*(None,) * 5, 2, 3, 4, 4, 6),
    protected=choice((), (), (BOARD,), (BOARD,), ("u1",), ("u2", BOARD)),
    share=choice(0.5, 1.0),
    read_back=choice(60, 60, 10, 5),
    expiry_hours=choice(24, 24, 1),
)

switches = st.builds(
    Switches,
    disconnect_takes=choice(0, 0, 0, 3, 20, 70),
    after_disconnect=choice("nulls", "row_absent", "details_kept"),
    not_connected=choice(200, 400, 404),
    list_shape=choice("array", "array", "page", "page_with_count"),
    reconnect_id=choice("new", "new", "same"),
    recreated_user_id=choice("new", "same"),
    disconnect_limit=choice(120, 120, 120, 1, 2),
)

# What goes wrong.

LIST_KINDS = (
    *("not_json", "truncated_body", "malformed_row", "next_elsewhere", "next_loop"),
    *("truncated_list", "truncated_list", "empty_list", "stale_list", "stale_list"),
    *("drop_before", "drop_midway", "latency", "clock_jump"),
    *("status",) * 2,
)
KINDS = (
    *("status",) * 8,
    *("drop_before", "drop_before", "drop_after", "drop_after", "drop_midway"),
    *("not_json", "truncated_body", "latency", "latency", "redirect", "refused"),
)
STATUSES = (307, 400, 401, 402, 403, 404, 409, 409, 429, 429, 500, 502, 503)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """An answer that claims to have done nothing is no lie: the API is trusted that far."""
    on = draw(often(list_users=2, disconnect=6, get_user=3, authenticate=2, update_user=1))
    kind = draw(choice(*(LIST_KINDS if on == "list_users" else KINDS)))
    status = draw(choice(*STATUSES))
    return Fault(
        kind,
        on=on,
        name=None if on == "list_users" else draw(choice(None, None, None, None, *NAMES[:4])),
        times=draw(choice(1, 1, 1, 2, 6, 40)),
        skip=draw(choice(0, 0, 1, 2)),
        status=status if kind == "status" else None,
        retry_after=draw(choice(None, None, "0", "7", "90", "500", "soon")),
        after_effect=kind == "status" and status >= 500 and draw(st.booleans()),
        latency=draw(choice(1, 8, 40)) if kind == "latency" else 0,
        answer_delay=draw(choice(0, 0, 0, 0, 3, 35)),
        keep=draw(choice(1, 2, 5)),
        seconds=draw(choice(None, 100, 1000)) if kind in {"stale_list", "clock_jump"} else None,
    )


fault_lists = st.lists(faults(), min_size=1, max_size=3).map(tuple)

changes = st.lists(
    st.builds(
        Change,
        what=often(connect=6, disconnect=2, reconnect=4, delete=1, recreate=1, rename=1, prefer=1),
        name=choice(*NAMES),
        platform=choice("google", "microsoft"),
        board=choice(False, False, True),
    ),
    min_size=1,
    max_size=3,
).map(tuple)

jumps = choice(-86_400, -3_600, -45, -5, 5, 45, 3_600, 90_000)

# What is typed.

LIMITS = ("max-disconnects", "max-disconnect-percent")
allowances = choice((), (), LIMITS, LIMITS, tuple(ALLOWABLE))
limits_of_a_run = {
    "allow": allowances,
    "workers": choice(4, 4, 2, 1),
    "max_failures": choice(5, 5, 0, 1, 99),
}
applies = st.builds(
    ApplyIt, saved=choice(None, None, None, 0, 1), lock_timeout=choice(0), **limits_of_a_run
)
fresh_applies = st.builds(ApplyIt, lock_timeout=choice(0, 0, 10, 60), **limits_of_a_run)
saved_applies = st.builds(ApplyIt, saved=choice(0, 0, 1, 2), **limits_of_a_run)
resumes = st.builds(ResumeIt, ago=choice(0, 0, 0, 1, 2), **limits_of_a_run)
rival_commands = (
    fresh_applies | fresh_applies | saved_applies | resumes | choice(PlanIt(), UnlockIt())
)

# What happens where.

SEAMS = (
    *("written:intent",) * 6,
    *("leave:disconnect",) * 5,
    *("write:intent", "write:intent", "answer:get_user", "leave:get_user"),
    *("answer:disconnect", "answer:disconnect", "answer:disconnect", "write:answer"),
    *("written:answer", "leave:get_user", "answer:get_user", "answer:get_user"),
    *("answer:list_users", "answer:list_users", "leave:list_users", "leave:authenticate"),
    *("answer:authenticate", "written:begin_run", "written:run_opened", "write:run_opened"),
    *("write:outcome", "written:outcome", "write:run_closed", "written:run_closed"),
    *("written:read_back", "write:read_back", "connect", "leave:update_user"),
    *("answer:update_user", "written:beat"),
)


@st.composite
def triggers(draw: st.DrawFn) -> Trigger:
    if draw(st.integers(0, 7)) == 7:
        return Trigger("any", draw(st.integers(0, 90)))
    return Trigger(draw(choice(*SEAMS)), draw(choice(0, 0, 0, 0, 1, 1, 2, 3)))


small = st.one_of(
    st.builds(Outside, changes),
    st.builds(Outside, changes),
    st.builds(Outside, changes),
    st.builds(Faulty, fault_lists),
    choice(Interrupt()),
    st.builds(LedgerFails, writes=choice(1, 1, 2, 50), after=st.booleans()),
    st.builds(ClockJump, jumps),
)


crashes = choice(*(Crash(),) * 3, Crash(after=1), Crash(after=4))


@st.composite
def incidents(draw: st.DrawFn) -> tuple[Incident, ...]:
    """What happens in one run."""
    found: list[Incident] = []
    if draw(choice(False, True)):
        found.append(Incident(Trigger("any"), Faulty(draw(fault_lists))))
    for _ in range(draw(choice(0, 0, 1, 1, 1, 2, 2, 3))):
        trigger = draw(triggers())
        match draw(often(crash=5, pause=6, small=7, rival=2)):
            case "crash":
                found.append(Incident(trigger, draw(crashes)))
            case "pause":
                found.append(Incident(trigger, draw(rivals())))
                seconds = draw(choice(1.5, 3, 10, 29, 32, 45, 45, 45, 100, 310))
                found.append(Incident(trigger, Suspend(seconds)))
            case "rival":
                found.append(Incident(trigger, draw(rivals())))
            case _:
                found.append(Incident(trigger, draw(small)))
    return tuple(found)


@st.composite
def rivals(draw: st.DrawFn) -> Rival:
    found = []
    if draw(st.integers(0, 4)) == 4:
        found.append(Incident(draw(triggers()), draw(choice(Crash(), Suspend(10)) | small)))
    delay = draw(choice(0, 0, 5, 31, 33, 33, 40, 44))
    return Rival(draw(rival_commands), delay, tuple(found))


@st.composite
def steps(draw: st.DrawFn) -> Step:
    match draw(
        often(
            apply=9, saved=5, resume=5, plan=3, outside=4, faulty=1, edit=4, configure=1,
            wait=2, jump=1, calm=3, unlock=1,
        )
    ):  # fmt: skip
        case "apply":
            return Run(draw(fresh_applies), draw(incidents()))
        case "saved":
            return Run(draw(saved_applies), draw(incidents()))
        case "resume":
            return Run(draw(resumes), draw(incidents()))
        case "plan":
            return Run(PlanIt())
        case "outside":
            return Outside(draw(changes))
        case "faulty":
            return Faulty(draw(fault_lists))
        case "edit":
            return Edit(draw(st.integers(0, 2)))
        case "configure":
            return Configure(draw(st.integers(0, 1)))
        case "wait":
            return Wait(draw(choice(0.4, 5, 31, 61, 301, 3_700, 86_000)))
        case "jump":
            return ClockJump(draw(jumps))
        case "unlock":
            return Run(UnlockIt())
        case _:
            return Calm()


first_steps = choice(Run(PlanIt())) | st.builds(
    Run, st.builds(ApplyIt, allow=choice(LIMITS), workers=choice(1, 2, 4)), incidents()
)

schedules: st.SearchStrategy[Schedule] = st.builds(
    Schedule,
    seed=st.integers(0, 999),
    people=people(),
    manifests=manifests(),
    configs=st.lists(configs, min_size=1, max_size=2).map(tuple),
    switches=switches,
    steps=st.tuples(first_steps).flatmap(
        lambda first: st.lists(steps(), min_size=2, max_size=7).map(
            lambda others: (*first, *others)
        )
    ),
    ballast=choice(0, 0, 0, 24),
    new_ledger=choice(False, False, False, False, False, True),
    postgresql=choice(False, False, False, False, True),
)
