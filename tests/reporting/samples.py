"""Plans and results to render, planned by the planner itself."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

from msgspec import structs

from reconciler.domain import (
    COMMAND_LINE,
    CalendarUser,
    Connection,
    Declarations,
    DesiredUser,
    Diagnostic,
    Handover,
    Layer,
    LayerKind,
    Limits,
    ObservedState,
    Platform,
    Preferences,
    RuleMatch,
    RuleMode,
    SourceLocation,
    Window,
)
from reconciler.planning import (
    Action,
    ActionReason,
    Contested,
    Disconnect,
    Envelope,
    ExplainedLayer,
    Explanation,
    FleetSize,
    GuardName,
    HeldAction,
    History,
    Hold,
    LayerState,
    Notice,
    NoticeCode,
    Owned,
    Ownership,
    Pending,
    PendingReason,
    Plan,
    PreconditionResult,
    Protection,
    Target,
    UpdatePreferences,
    desired_state,
    make_plan,
    rule_overviews,
)
from reconciler.reporting import (
    Check,
    CheckState,
    ConnectLinkReport,
    DoctorReport,
    ErrorReport,
    ExplanationReport,
    LedgerAccess,
    LedgerView,
    PendingConnection,
    PendingReport,
    PlanReport,
    RulesReport,
    RunReport,
    ValidationReport,
)
from reconciler.runs import MadeLink, PastOutcome, PendingSince
from reconciler.runs.journal import ActionResult, Cause, HaltCause, Outcome, RunResult
from tests.planning.fleets import manifest
from tests.planning.rules import NAMED, rule

GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT
DEFAULT_LIMITS = Limits()


def declared(
    id: str,  # noqa: A002
    *platforms: Platform,
    managed: bool = True,
    handover: Handover = Handover.WAIT,
    reason: str | None = None,
    preferences: Preferences | None = None,
    line: int = 1,
) -> DesiredUser:
    wanted = frozenset(platforms) if managed else None
    source = SourceLocation("people.yaml", line, 5)
    return DesiredUser(id, wanted, handover, reason, preferences, None, source)


def listed(
    external_id: str | None,
    *platforms: str,
    email: str | None = None,
    preferences: Preferences | None = None,
    recall_id: str | None = None,
) -> CalendarUser:
    name = external_id or "nobody"
    rows = tuple(
        Connection(
            platform,
            connected=True,
            email=email or f"{name}.{platform}@mail.test",
            id=f"c-{name}-{platform}",
        )
        for platform in platforms
    ) + tuple(
        Connection(platform.value, connected=False)
        for platform in Platform
        if platform not in platforms
    )
    return CalendarUser(recall_id or f"r-{name}", external_id, rows, preferences)


def plan_of(
    users: Sequence[DesiredUser],
    observed: Sequence[CalendarUser],
    *,
    problems: tuple[str, ...] = (),
    limits: Limits = DEFAULT_LIMITS,
    protected: Sequence[str] = (),
    selectors: Sequence[str] | None = None,
    exclusion: Sequence[str] | None = None,
    workspace: str = "prod",
    base_url: str = "https://us-west-2.recall.ai",
    accepted: FleetSize | None = None,
    others: Mapping[str, Owned] = {},
    remembering: bool = True,
) -> Plan:
    """A plan; ``accepted`` is the fleet of the last accepted run, the same as now by default.

    ``others`` are those who belong to others than the command line.
    """
    same = FleetSize(len(users), len(observed))
    remembered = History(accepted or same, ownership=Ownership(COMMAND_LINE, others))
    content = make_plan(
        Target(workspace, base_url),
        manifest(*sorted(users, key=lambda user: user.id)),
        ObservedState(tuple(observed), problems),
        limits=limits,
        protection=Protection(tuple(protected)),
        selectors=selectors,
        exclusion=exclusion,
        history=remembered if remembering else History(),
    )
    return Plan(content, envelope({user.id: str(user.place) for user in users}))


def envelope(sources: dict[str, str], commit: str | None = "0123abcd") -> Envelope:
    return Envelope(
        made="2026-11-02T08:00:00Z",
        expires="2026-11-03T08:00:00Z",
        commit=commit,
        tool_version="0.1.0",
        key_fingerprint="0011223344556677",
        sources=sources,
    )


def rich_plan() -> Plan:
    """One of everything that a complete plan can hold."""
    return plan_of(
        [
            declared("alice", GOOGLE, line=3),
            declared("bob", MICROSOFT, line=6),
            declared("carol", reason="left 2026-10-31 (HR-1234)", line=9),
            declared("dave", GOOGLE, handover=Handover.IMMEDIATE, line=12),
            declared(
                "erin",
                GOOGLE,
                preferences=Preferences(record_external=True, bot_name="New"),
                line=15,
            ),
            declared("frank", GOOGLE, line=18),
            declared("grace", GOOGLE, line=21),
            declared("heidi", managed=False, line=24),
            declared(
                "ivan", reason="protected leaver", preferences=Preferences(bot_name="X"), line=27
            ),
            declared("judy", GOOGLE, line=30),
        ],
        [
            listed("alice", "google", "microsoft"),
            listed("bob", "google"),
            listed("carol", "google", "microsoft"),
            listed("dave", "microsoft"),
            listed(
                "erin", "google", preferences=Preferences(record_external=False, bot_name="Old")
            ),
            listed("frank", "google"),
            listed("Grace2", "google", email="grace"),
            listed("heidi", "google"),
            listed("ivan", "google", preferences=Preferences(bot_name=None)),
            listed("judy", "google", "zoom"),
            listed("mallory", "google", email="same@mail.test"),
            listed("mike", "google", email="same@mail.test"),
            listed(None, recall_id="r-nameless"),
        ],
        protected=["ivan", "ceo@example.com"],
    )


@cache
def refused_plan() -> Plan:
    """Thirty disconnects in a fleet of sixty connections, beyond both limits."""
    names = [f"user{number:02}" for number in range(30)]
    return plan_of(
        [declared(name, GOOGLE) for name in names],
        [listed(name, "google", "microsoft") for name in names],
    )


def incomplete_plan() -> Plan:
    return plan_of(
        [declared("alice", GOOGLE), declared("zoe", GOOGLE)],
        [listed("alice", "google")],
        problems=("page 2 of the list: 503",),
    )


def converged_plan() -> Plan:
    return plan_of([declared("alice", GOOGLE)], [listed("alice", "google")])


def disconnect(
    user: str = "alice", note: str | None = None, email: str | None = None
) -> Disconnect:
    return Disconnect(
        workspace="prod",
        user=user,
        recall_id=f"r-{user}",
        platform=MICROSOFT,
        connection_id=f"c-{user}",
        email=email,
        requires_connected=(GOOGLE,),
        reason=ActionReason.UNWANTED_PLATFORM,
        note=note,
    )


def update(user: str = "bob") -> UpdatePreferences:
    return UpdatePreferences(
        workspace="prod",
        user=user,
        recall_id=f"r-{user}",
        preferences=Preferences(bot_name="New"),
        seen=None,
        reason=ActionReason.PREFERENCES_DIFFER,
        note=None,
    )


def contested_plan(number: int = 2) -> Plan:
    """So many users who belong to a stack that declares them otherwise, and one who does not."""
    names = [f"user-{n:02}" for n in range(number)]
    return plan_of(
        [declared("mine", GOOGLE), *(declared(name, GOOGLE, line=7) for name in names)],
        [listed(name, "google") for name in ("mine", *names)],
        others={name: Owned(STACK, (MICROSOFT,)) for name in names},
    )


def plan_with(*actions: Action) -> Plan:
    """A plan of exactly ``actions``."""
    plan = converged_plan()
    return Plan(structs.replace(plan.content, actions=actions), envelope({}))


STACK = "stack acme/fleet/prod"
SOURCES = {
    GuardName.MAX_DISCONNECTS: "reconciler.yaml:12:5",
    GuardName.MAX_DISCONNECT_PERCENT: "the default",
}


def result_of(
    *results: ActionResult,
    halted: HaltCause | None = None,
    halt_detail: str | None = None,
    signal: int | None = None,
) -> RunResult:
    return RunResult(
        run="run-1",
        workspace="prod",
        base_url="https://us-west-2.recall.ai",
        plan_digest="sha256:0",
        started="2026-11-02T08:00:01Z",
        finished="2026-11-02T08:00:09Z",
        results=results,
        halted=halted,
        halt_detail=halt_detail,
        signal=signal,
    )


def ended(
    outcome: Outcome,
    cause: str,
    action: Action | None = None,
    detail: str | None = None,
    calls: int = 1,
) -> ActionResult:
    return ActionResult(action or disconnect(), outcome, cause, detail, calls)


def rich_result() -> RunResult:
    """One result an outcome, halted by a signal."""
    return result_of(
        ended(Outcome.VERIFIED, Cause.READ_BACK, disconnect("u1", note="left")),
        ended(Outcome.ALREADY_ABSENT, Cause.FOUND_DONE, update("u2"), calls=0),
        ended(
            Outcome.SKIPPED_STALE, PreconditionResult.CONNECTION_CHANGED, disconnect("u3"), calls=0
        ),
        ended(Outcome.FAILED, "rejected", disconnect("u4"), "400: no such platform"),
        ended(Outcome.UNKNOWN, Cause.NOT_READABLE, disconnect("u5"), "timed out"),
        ended(Outcome.NOT_ATTEMPTED, Cause.STOPPED, disconnect("u6"), calls=0),
        halted=HaltCause.INTERRUPTED,
        halt_detail="asked to stop",
        signal=15,
    )


def run_report(result: RunResult) -> RunReport:
    return RunReport(converged_plan(), result, 0)


PLAN_REPORT = PlanReport(rich_plan(), 0, saved_to="out/plan.json", again=(), limit_sources=SOURCES)
CONTESTED_REPORT = PlanReport(contested_plan(), 3, verbose=True)
REFUSED_REPORT = PlanReport(refused_plan(), 3, limit_sources=SOURCES)
INCOMPLETE_REPORT = PlanReport(incomplete_plan(), 6)
CONVERGED_REPORT = PlanReport(converged_plan(), 0)
RUN_REPORT = RunReport(rich_plan(), rich_result(), 143, limit_sources=SOURCES)
VALIDATION_REPORT = ValidationReport(
    users=12,
    files=2,
    workspace="prod",
    diagnostics=(
        Diagnostic(
            SourceLocation("people.yaml", 3, 5),
            "unknown field `platfroms`",
            "did you mean `platforms`?",
        ),
        Diagnostic(SourceLocation("empty.yaml"), "the file is empty"),
    ),
    status=65,
)
PENDING_REPORT = PendingReport(
    "prod",
    "https://us-west-2.recall.ai",
    (
        PendingConnection(
            Pending("alice", GOOGLE, PendingReason.NOT_CONNECTED),
            GOOGLE,
            "alice@mail.test",
            PendingSince("2026-10-02T08:00:00Z"),
            "people.yaml:3:5",
        ),
        PendingConnection(
            Pending("bob", GOOGLE, PendingReason.UNKNOWN_TO_RECALL, ("Bob", "bobby")),
            GOOGLE,
            None,
            PendingSince("2026-09-01T08:00:00Z", or_earlier=True),
            "people.yaml:6:5",
        ),
        PendingConnection(
            Pending("bob", MICROSOFT, PendingReason.UNKNOWN_TO_RECALL, ("Bob", "bobby")),
            MICROSOFT,
            None,
            None,
            "people.yaml:6:5",
        ),
    ),
    not_found=1,
    ledger=LedgerView("ledger.db", LedgerAccess.READ),
    status=0,
)
EXPLANATION_REPORT = ExplanationReport(
    "prod",
    "https://us-west-2.recall.ai",
    Explanation(
        user="alice",
        rows=(
            CalendarUser(
                "r-alice",
                "alice",
                (
                    Connection("google", connected=True, email="alice@mail.test", id="c-1"),
                    Connection("zoom", connected=False),
                ),
                Preferences(record_external=True),
            ),
            CalendarUser("r-bare", "alice", ()),
        ),
        complete=True,
        layers=(
            ExplainedLayer(
                Layer(
                    LayerKind.ENTRY,
                    "alice",
                    SourceLocation("people.yaml", 3, 5),
                    1,
                    None,
                    None,
                    "moves",
                    None,
                    Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
                ),
                LayerState.COUNTS,
                ("reason",),
            ),
            ExplainedLayer(
                Layer(
                    LayerKind.GROUP,
                    "movers",
                    SourceLocation("groups.yaml", 2, 3),
                    1,
                    frozenset([MICROSOFT]),
                    Handover.WAIT,
                    None,
                    Preferences(bot_name="Scribe"),
                    None,
                ),
                LayerState.COUNTS,
                ("platforms", "handover", "bot_name"),
            ),
            ExplainedLayer(
                Layer(
                    LayerKind.RULE,
                    "reports",
                    SourceLocation("rules.yaml", 2, 3),
                    0,
                    frozenset(),
                    Handover.WAIT,
                    "SEC-12",
                    None,
                    Window(None, datetime(2027, 1, 1, tzinfo=UTC)),
                ),
                LayerState.REPORTS,
            ),
        ),
        desired=declared(
            "alice", MICROSOFT, reason="moves", preferences=Preferences(bot_name="Scribe")
        ),
        protected_by=("alice", "*@mail.test"),
        may_be_protected=True,
        owned=Owned("stack acme/fleet/prod", (GOOGLE,)),
        actions=(update("alice"),),
        pending=(Pending("alice", MICROSOFT, PendingReason.NOT_CONNECTED),),
        blocked=(HeldAction(disconnect("alice"), (Hold.HANDOVER,)),),
        undetermined=False,
        unmanaged=(),
        notices=(Notice(NoticeCode.EMAIL_UNDER_SEVERAL_USERS, "a@mail.test", ("alice", "bob")),),
        contested=Contested(
            "alice", Owned(COMMAND_LINE, (MICROSOFT,)), Owned("stack acme/fleet/prod", (GOOGLE,))
        ),
    ),
    {MICROSOFT: PendingSince("2026-10-02T08:00:00Z")},
    (PastOutcome("run-1", "2026-10-02T08:00:07Z", Outcome.UNKNOWN, "not_readable"),),
    (MadeLink(MICROSOFT, "dana", "laptop", "2026-10-03T08:00:00Z"),),
    (GuardName.TAKEOVER, GuardName.MAX_DISCONNECTS),
    LedgerView("ledger.db", LedgerAccess.READ),
    status=0,
)


CONNECT_LINK_REPORT = ConnectLinkReport(
    "prod",
    "https://us-west-2.recall.ai",
    "alice",
    "alice@mail.test",
    MadeLink(MICROSOFT, "dana", "laptop", "2026-10-03T08:00:00Z"),
    "2026-10-04T08:00:00Z",
    LedgerView("ledger.db", LedgerAccess.WRITTEN),
    0,
    "alice.link",
)


def stranger_explained() -> ExplanationReport:
    """Somebody about whose connections little is known."""
    explanation = structs.replace(
        EXPLANATION_REPORT.explanation,
        rows=(),
        layers=(),
        desired=None,
        protected_by=(),
        may_be_protected=False,
        owned=None,
        actions=(),
        pending=(),
        blocked=(),
        notices=(),
        contested=None,
    )
    return structs.replace(
        EXPLANATION_REPORT, explanation=explanation, since={}, history=(), links=(), refused_by=()
    )


DOCTOR_REPORT = DoctorReport(
    workspace="prod",
    address="https://us-west-2.recall.ai",
    checks=(
        Check("configuration", CheckState.OK, "reconciler.yaml"),
        Check("clock", CheckState.WARNING, "4 s ahead of the API", "synchronise it"),
        Check("credentials", CheckState.FAILED, "the API key was refused", "check the region"),
        Check("list", CheckState.SKIPPED, "needs credentials"),
    ),
    status=77,
)
ERROR_REPORT = ErrorReport(
    status=77,
    problems=(Diagnostic(None, "the API key was refused", "check the region"),),
    plan=rich_plan(),
)


def _overlapping_rules() -> RulesReport:
    """Two rules that disagree about a user, one that only reports, and one that has ended."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    contractors = RuleMatch(email="*@c.test")
    users = [listed(f"c{number}", GOOGLE, email=f"c{number}@c.test") for number in range(6)]
    users.append(listed("both", GOOGLE, MICROSOFT, email="both@c.test"))
    rules = (
        rule(contractors, name="contractors"),
        rule(RuleMatch(connected=(MICROSOFT,)), [MICROSOFT], name="only-microsoft", reason=None),
        rule(name="one-name", platforms=None, mode=RuleMode.REPORT, preferences=NAMED),
        rule(name="past", window=Window(None, now)),
    )
    declarations = Declarations({"c0": declared("c0", GOOGLE)}, rules=rules)
    desired = desired_state(declarations, ObservedState((*users, listed("eve", GOOGLE))), now)
    return RulesReport("prod", "https://us-west-2.recall.ai", rule_overviews(desired), 0)


RULES_REPORT = _overlapping_rules()
