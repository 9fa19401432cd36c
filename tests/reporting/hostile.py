"""Reports in which others wrote whatever they could."""

from functools import cache

from msgspec import structs

from reconciler.domain import (
    Boundary,
    BoundaryKind,
    CalendarUser,
    Connection,
    DatedKind,
    Diagnostic,
    Preferences,
    RuleEffect,
    RuleMode,
    SourceLocation,
)
from reconciler.planning import (
    Action,
    Contested,
    FleetCounts,
    FleetSize,
    GuardChange,
    GuardName,
    HeldAction,
    Hold,
    Judgement,
    Notice,
    NoticeCode,
    Owned,
    Pending,
    PendingReason,
    Plan,
    PlanChanges,
    PlanRule,
    PlanSource,
    PreconditionResult,
    RuleOverlap,
    RuleOverview,
    Stale,
    Undetermined,
    Unmanaged,
    UnmanagedReason,
    UserLabels,
    Verdict,
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
    Report,
    RulesReport,
    RunHistoryReport,
    RunReport,
    RunsReport,
    UnlockReport,
    ValidationReport,
)
from reconciler.runs import (
    ActionHistory,
    Front,
    HaltCause,
    Holder,
    MadeLink,
    Outcome,
    PastOutcome,
    PendingSince,
    ResolvedCall,
    RunHistory,
    RunState,
    RunSummary,
    Step,
    StepKind,
    Who,
)
from tests.planning.rules import rule
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, SOURCES, disconnect, ended, envelope, result_of, update

KINDS = (
    "plan",
    "brief plan",
    "pending",
    "explanation",
    "connect link",
    "rules",
    "run",
    "runs",
    "no runs",
    "story",
    "unlock",
    "validation",
    "doctor",
    "error",
)


@cache
def reports(text: str) -> dict[str, Report]:
    """One report a kind, with ``text`` wherever something foreign can stand."""
    action = structs.replace(disconnect(text, note=text, email=text), workspace=text)
    preferences = structs.replace(
        update(text), preferences=Preferences(bot_name=text), seen=Preferences(bot_name=text)
    )
    owned = Owned(text, (GOOGLE,))
    contested = (Contested(text, owned, owned),)
    content = structs.replace(
        samples.refused_plan().content,
        workspace=text,
        base_url=text,
        selection=(text,),
        exclusion=(text,),
        problems=(text,),
        actions=(action, preferences),
        pending=(Pending(text, GOOGLE, PendingReason.UNKNOWN_TO_RECALL, (text,)),),
        blocked=(
            HeldAction(action, (Hold.CONFLICTING_RULES,), rules=(text,)),
            HeldAction(preferences, (Hold.PROTECTED,)),
        ),
        undetermined=(Undetermined(text),),
        unmanaged=(Unmanaged(text, text, (text,), UnmanagedReason.UNKNOWN_PLATFORM),),
        notices=tuple(Notice(code, text, (text,)) for code in NoticeCode),
        contested=contested,
        guards=(Verdict(GuardName.TAKEOVER, Judgement.REFUSED, 1, contested=contested),),
        sources=(PlanSource(text, text, 1),),
        rules=tuple(PlanRule(text, mode, 1, (text,)) for mode in RuleMode),
        upcoming=(Boundary(text, BoundaryKind.BEGINS, DatedKind.RULE, text, text),),
    )
    made = structs.replace(
        envelope({text: text}),
        commit=text,
        made=text,
        expires=text,
        labels={text: UserLabels(text, text, (text,))},
    )
    plan = Plan(content, made)
    memory, changes, recorded = _memory(text, action), _changes(action, preferences), _run(text)
    sources = dict.fromkeys(SOURCES, text)
    place = SourceLocation(text, 1, 2)
    problem = Diagnostic(place, text, text)
    result = result_of(
        ended(Outcome.FAILED, text, action, text),
        ended(Outcome.UNKNOWN, "no_answer", preferences, text),
        halted=HaltCause.JOURNAL_FAILED,
        halt_detail=text,
    )
    result = structs.replace(result, run=text, workspace=text, base_url=text)
    return {
        "plan": PlanReport(
            plan,
            3,
            saved_to=text,
            limit_sources=sources,
            verbose=True,
            ledger=structs.replace(memory, state=LedgerAccess.UNREADABLE),
            changes=changes,
        ),
        "brief plan": PlanReport(plan, 3, brief=True, ledger=memory, changes=changes),
        "pending": PendingReport(
            text,
            text,
            (
                PendingConnection(
                    content.pending[0], GOOGLE, text, PendingSince(text, or_earlier=True), text
                ),
            ),
            1,
            structs.replace(memory, state=LedgerAccess.UNREADABLE),
            0,
        ),
        "explanation": _explanation(text, action, preferences, memory),
        "connect link": ConnectLinkReport(
            text, text, text, f"{text}2", MadeLink(GOOGLE, text, text, text), text, memory, 0, text
        ),
        "rules": RulesReport(
            text,
            text,
            (
                RuleOverview(
                    hostile_rule := structs.replace(rule(), name=text, reason=text, place=place),
                    RuleEffect(hostile_rule, (text,), (text,), 1, (text,)),
                    (RuleOverlap(text, 1, disagree=True),),
                    (text,),
                ),
                RuleOverview(hostile_rule, None),
            ),
            0,
        ),
        "run": RunReport(
            plan, result, 4, limit_sources=sources, ledger=memory, changes=changes, resumes=text
        ),
        "runs": RunsReport(
            None, text, (recorded, structs.replace(recorded, state=RunState.REFUSED)), 9, 0
        ),
        "no runs": RunsReport(text, text, (), 9, 0),
        "story": RunHistoryReport(text, _story(text, plan), 0),
        "unlock": UnlockReport(
            text, text, Holder(text, text, recorded.who, text, text, 1.0, dead=True), 0
        ),
        "validation": ValidationReport(1, 1, text, (problem,), 65),
        "doctor": DoctorReport(text, text, (Check(text, CheckState.FAILED, text, text),), 69),
        "error": ErrorReport(65, (problem,), plan, ledger=memory, changes=changes),
    }


def _explanation(
    text: str, action: Action, preferences: Action, memory: LedgerView
) -> ExplanationReport:
    whole = samples.EXPLANATION_REPORT.explanation
    owned = Owned(text, (GOOGLE,))
    names = Preferences(bot_name=text)
    connection = Connection(text, connected=True, email=text, id=text)
    explanation = structs.replace(
        whole,
        user=text,
        rows=(CalendarUser(text, text, (connection,), names),),
        layers=tuple(
            structs.replace(
                each,
                layer=structs.replace(
                    each.layer,
                    name=text,
                    place=SourceLocation(text, 1, 2),
                    reason=text,
                    preferences=names,
                ),
            )
            for each in whole.layers
        ),
        desired=samples.declared(text, GOOGLE, reason=text, preferences=names),
        protected_by=(text,),
        owned=owned,
        actions=(action, preferences),
        pending=(Pending(text, GOOGLE, PendingReason.UNKNOWN_TO_RECALL, (text,)),),
        blocked=(HeldAction(action, (Hold.PROTECTED,)), HeldAction(preferences, (Hold.PROTECTED,))),
        unmanaged=(Unmanaged(text, text, (text,), UnmanagedReason.UNMANAGED_USER),),
        notices=tuple(Notice(code, text, (text,)) for code in NoticeCode),
        contested=Contested(text, owned, owned),
    )
    return ExplanationReport(
        text,
        text,
        explanation,
        {GOOGLE: PendingSince(text)},
        (PastOutcome(text, text, Outcome.FAILED, text),),
        (MadeLink(GOOGLE, text, text, text),),
        (),
        structs.replace(memory, state=LedgerAccess.UNREADABLE),
        0,
    )


def _run(text: str) -> RunSummary:
    return RunSummary(
        run=text,
        front=Front.APPLY,
        workspace=text,
        base_url=text,
        owner=text,
        state=RunState.DIED,
        opened=text,
        ended=text,
        who=Who(text, text, 1, text),
        commit=text,
        tool_version=text,
        plan_digest=text,
        actions=3,
        outcomes={Outcome.VERIFIED: 1},
        in_doubt=1,
        calls=2,
        resumes=text,
        resumed_by=None,
        halted=text,
        detail=text,
    )


def _memory(text: str, action: Action) -> LedgerView:
    continued = structs.replace(_run(text), run="another", resumed_by=text)
    settled = ResolvedCall(text, ended(Outcome.UNKNOWN, text, action, text))
    return LedgerView(text, LedgerAccess.MADE, text, (_run(text), continued), (settled,), text)


def _changes(action: Action, preferences: Action) -> PlanChanges:
    return PlanChanges(
        manifests=True,
        configuration=True,
        then=FleetCounts(1, 2, 3, 4),
        now=FleetCounts(2, 3, 4, 5),
        kept=1,
        added=(action, preferences),
        gone=(Stale(action, PreconditionResult.USER_GONE),),
        pending=(Pending(action.user, GOOGLE, PendingReason.UNKNOWN_TO_RECALL, (action.user,)),),
        blocked=(HeldAction(preferences, (Hold.PROTECTED,)),),
        guards=(GuardChange(GuardName.EMPTY_DESIRED, None, Judgement.NOT_JUDGED),),
    )


def _story(text: str, plan: Plan) -> RunHistory:
    steps = tuple(Step(text, kind, 1, text, True, Outcome.UNKNOWN, text, text) for kind in StepKind)
    first, second = plan.content.actions
    return RunHistory(
        _run(text),
        plan,
        plan.content.guards,
        FleetSize(1, 2),
        accepted=True,
        actions=(
            ActionHistory(first, ended(Outcome.FAILED, text, first, text), steps),
            ActionHistory(second, None, steps),
        ),
    )
