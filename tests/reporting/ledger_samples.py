"""What a ledger tells, to render: runs, stories, memories, and what changed since."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from reconciler.domain import CalendarUser, DesiredUser, Limits, ObservedState
from reconciler.planning import (
    FleetSize,
    GuardName,
    Judgement,
    Plan,
    PlanChanges,
    Protection,
    UserIndex,
    Verdict,
    changes_since,
    divide,
)
from reconciler.reporting import (
    ErrorReport,
    LedgerAccess,
    LedgerView,
    PlanReport,
    Report,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
)
from reconciler.runs import (
    ActionHistory,
    Cause,
    Front,
    HaltCause,
    Holder,
    Outcome,
    ResolvedCall,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    StepKind,
    Who,
)
from tests.reporting import samples
from tests.reporting.samples import (
    GOOGLE,
    MICROSOFT,
    declared,
    disconnect,
    ended,
    listed,
    plan_of,
    plan_with,
    update,
)

DEAD = "0b1e8f52-7c77-4bb0-9d55-d50d1f0e6c11"
LATER = "5f3f9a7e-3d0b-4d0e-8a86-1d2f5c0f9a22"
PLACE = "/srv/.reconciler/ledger.db"
WHO = Who("ops", "runner-7", 4711, "boot-1")


def summary(run: str = DEAD, state: RunState = RunState.DIED, **changes: Any) -> RunSummary:
    """A run that died with one action done, two in doubt and one never begun."""
    recorded = RunSummary(
        run=run,
        front=Front.APPLY,
        workspace="prod",
        base_url="https://us-west-2.recall.ai",
        owner="the command line",
        state=state,
        opened="2026-11-02T03:12:00Z",
        ended=None,
        who=WHO,
        commit="0123abcd4567ef890123abcd4567ef8901234567",
        tool_version="0.1.0",
        plan_digest="sha256:" + "0" * 64,
        actions=4,
        outcomes={Outcome.VERIFIED: 1},
        in_doubt=2,
        calls=3,
        resumes=None,
        resumed_by=None,
        halted=None,
        detail=None,
    )
    return structs.replace(recorded, **changes)


def completed(run: str = LATER, **changes: Any) -> RunSummary:
    """A run that came to its end."""
    counts = {Outcome.VERIFIED: 7, Outcome.UNKNOWN: 1}
    return summary(
        run,
        RunState.COMPLETED,
        **{
            "opened": "2026-11-02T04:00:00Z",
            "ended": "2026-11-02T04:03:00Z",
            "actions": 8,
            "outcomes": counts,
            "in_doubt": 0,
            "calls": 8,
            **changes,
        },
    )


def refused() -> RunSummary:
    """A run that a guard refused, from outside a repository."""
    return summary(
        "run-of-the-day-before",
        RunState.REFUSED,
        opened="2026-11-01T09:00:00Z",
        ended="2026-11-01T09:00:02Z",
        commit=None,
        plan_digest=None,
        actions=0,
        outcomes={},
        in_doubt=0,
        calls=0,
        detail="max-disconnects refused",
    )


def step(at: str, kind: StepKind, call: int | None = 1, **changes: Any) -> Step:
    recorded = Step(f"2026-11-02T{at}Z", kind, call, None, None, None, None, None)
    return structs.replace(recorded, **changes)


def story() -> RunHistory:
    """The run that died: one verified, one settled by a later run, one in doubt, one not begun."""
    done, later, doubtful, untouched = (
        disconnect("u1", note="left"),
        disconnect("u2", email="u2@mail.test"),
        update("u3"),
        disconnect("u4"),
    )
    intent, answer, look = StepKind.INTENT, StepKind.ANSWER, StepKind.READ_BACK
    return RunHistory(
        summary=summary(in_doubt=1, outcomes={Outcome.VERIFIED: 2}, resumed_by=LATER),
        plan=plan_with(done, later, doubtful, untouched),
        verdicts=(
            Verdict(GuardName.EMPTY_DESIRED, Judgement.PASSED, 10),
            Verdict(GuardName.OBSERVED_FLEET_SHRINK, Judgement.NOT_JUDGED, 12, 30),
            Verdict(GuardName.MAX_DISCONNECTS, Judgement.ALLOWED, 12, 10),
        ),
        fleet=FleetSize(10, 12),
        accepted=True,
        actions=(
            ActionHistory(
                done,
                ended(Outcome.VERIFIED, Cause.READ_BACK, done, calls=2),
                (
                    step("03:12:08", intent),
                    step("03:12:08", answer, code="conflict", no_effect=True, detail="409"),
                    step("03:12:09", intent, 2),
                    step("03:12:10", answer, 2, code="accepted", no_effect=False),
                    step("03:12:10", look, 2, code=Cause.NOT_SEEN_IN_TIME),
                    step("03:12:11", look, 2, code="server_error", detail="503"),
                    step("03:12:12", look, 2, code=Cause.READ_BACK),
                    step(
                        "03:12:12",
                        StepKind.OUTCOME,
                        None,
                        code=Cause.READ_BACK,
                        outcome=Outcome.VERIFIED,
                    ),
                ),
            ),
            ActionHistory(
                later,
                ended(Outcome.VERIFIED, Cause.SEEN_IN_LIST, later),
                (
                    step("03:12:13", intent),
                    Step(
                        "2026-11-03T04:00:02Z",
                        StepKind.OUTCOME,
                        None,
                        Cause.SEEN_IN_LIST,
                        None,
                        Outcome.VERIFIED,
                        None,
                        LATER,
                    ),
                ),
            ),
            ActionHistory(doubtful, None, (step("03:12:14", intent),)),
            ActionHistory(untouched, None, ()),
        ),
    )


def story_without_a_plan() -> RunHistory:
    return RunHistory(refused(), None, (), None, accepted=False, actions=())


def halted_story() -> RunHistory:
    """A run that was interrupted before its one action."""
    action = disconnect("u1")
    result = ended(Outcome.NOT_ATTEMPTED, Cause.STOPPED, action, calls=0)
    return RunHistory(
        completed(
            actions=1,
            outcomes={Outcome.NOT_ATTEMPTED: 1},
            calls=0,
            halted=HaltCause.INTERRUPTED,
            detail="asked to stop",
            resumes=DEAD,
        ),
        plan_with(action),
        (Verdict(GuardName.MAX_DISCONNECTS, Judgement.REFUSED, 12, 10),),
        FleetSize(1, 1),
        accepted=False,
        actions=(ActionHistory(action, result, ()),),
    )


def holder(**changes: Any) -> Holder:
    held = Holder(
        "prod", DEAD, WHO, "2026-11-02T03:12:00Z", "2026-11-02T03:12:40Z", 31.5, dead=True
    )
    return structs.replace(held, **changes)


def memory(state: LedgerAccess = LedgerAccess.READ, **changes: Any) -> LedgerView:
    return structs.replace(LedgerView(PLACE, state), **changes)


def resolved(*results: ResolvedCall) -> tuple[ResolvedCall, ...]:
    return results or (
        ResolvedCall(DEAD, ended(Outcome.VERIFIED, Cause.SEEN_IN_LIST, disconnect("u2"))),
        ResolvedCall(DEAD, ended(Outcome.UNKNOWN, Cause.NOT_SEEN_IN_TIME, update("u3"))),
    )


def changes_between(saved: Plan, today: Plan, observed: Sequence[CalendarUser]) -> PlanChanges:
    """What is different in ``today``, which was planned on the list ``observed``."""
    user_index = UserIndex(ObservedState(tuple(observed), ()))
    _, stale = divide(saved.content, today.content, user_index, Protection(()))
    return changes_since(saved.content, today.content, stale)


def everything_moved() -> tuple[Plan, Plan, PlanChanges]:
    """A saved plan, today's, and what is different: something of every kind."""
    before = [listed(name, "google", "microsoft") for name in ("alice", "bob", "carol")]
    saved = plan_of([declared(name, GOOGLE) for name in ("alice", "bob")], before)
    users: list[DesiredUser] = [
        declared("alice", GOOGLE),
        declared("carol", GOOGLE, line=7),
        declared("dave", GOOGLE, line=9),
        declared("erin", MICROSOFT, line=11),
    ]
    now = [
        listed("alice", "google", "microsoft"),
        listed("carol", "google", "microsoft"),
        listed("erin", "google"),
    ]
    today = plan_of(users, now, limits=Limits(1, None))
    return saved, today, changes_between(saved, today, now)


def nothing_moved() -> PlanChanges:
    observed = [listed("alice", "google", "microsoft")]
    plan = plan_of([declared("alice", GOOGLE)], observed)
    return changes_between(plan, plan, observed)


SAVED, TODAY, MOVED = everything_moved()
UNREADABLE = memory(LedgerAccess.UNREADABLE, detail="it is not a database (move it away)")
ACTING = memory(LedgerAccess.WRITTEN, dead=(summary(),), resolved=resolved())
RUNS_REPORT = RunsReport("prod", PLACE, (completed(), summary(), refused()), 20, 0)
STORY_REPORT = RunHistoryReport(PLACE, story(), 0)
UNLOCK_REPORT = UnlockReport("prod", DEAD, holder(), 0)
REPORTS: Mapping[str, Report] = {
    "plan without a ledger": PlanReport(samples.rich_plan(), 0, ledger=memory(LedgerAccess.NONE)),
    "plan with an unreadable ledger": PlanReport(samples.rich_plan(), 0, ledger=UNREADABLE),
    "plan that announces a dead run": PlanReport(
        samples.rich_plan(), 0, ledger=memory(dead=(summary(), summary("run-2")))
    ),
    "plan where all is well with the ledger": PlanReport(samples.rich_plan(), 0, ledger=memory()),
    "plan that was not judged": PlanReport(
        plan_of([declared("a", GOOGLE)], [listed("a", "google")], remembering=False),
        0,
        verbose=True,
        ledger=memory(LedgerAccess.MADE),
    ),
    "shrunken plan": PlanReport(
        plan_of([declared("a", GOOGLE)], [listed("a", "google")], accepted=FleetSize(10, 7)),
        3,
        limit_sources={GuardName.OBSERVED_FLEET_SHRINK: "the default"},
    ),
    "plan with changes": PlanReport(TODAY, 0, changes=MOVED),
    "plan without changes": PlanReport(SAVED, 0, changes=nothing_moved()),
    "run that settled": RunReport(SAVED, samples.rich_result(), 4, ledger=ACTING, changes=MOVED),
    "run that resumes": RunReport(
        SAVED,
        structs.replace(samples.rich_result(), carried=frozenset({"disconnect microsoft of u1"})),
        4,
        ledger=ACTING,
        resumes=DEAD,
    ),
    "error with memory and changes": ErrorReport(
        5, samples.ERROR_REPORT.problems, SAVED, ledger=ACTING, changes=MOVED
    ),
    "error with memory and changes and no plan": ErrorReport(
        5, samples.ERROR_REPORT.problems, ledger=ACTING, changes=MOVED
    ),
    "runs": RUNS_REPORT,
    "runs of all workspaces": RunsReport(None, PLACE, (completed(), summary()), 2, 0),
    "no runs": RunsReport("prod", PLACE, (), 20, 0),
    "story": STORY_REPORT,
    "story without a plan": RunHistoryReport(PLACE, story_without_a_plan(), 0),
    "story of a halted run": RunHistoryReport(PLACE, halted_story(), 0),
    "unlock": UNLOCK_REPORT,
}
