"""Approve → apply → verify: the half that can change something.

A plan is judged here with the first list of its run. Only an :class:`Approved` can be carried out,
and only :func:`judge_fresh` and :func:`judge_saved` make one.

:class:`Overrides` are what the operator allows for one command: guards that it may go past, and a
few other things. The command line has ``--allow``, a Pulumi program ``RECONCILER_ALLOW``, with the
same words. A configuration cannot allow anything, because it would allow it to the next command
too.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from typing import Final

from msgspec import Struct, structs

from reconciler.applying import ApplySettings, Approved, apply_plan
from reconciler.domain import BoundaryKind, Declarations, Diagnostic, InvalidInput, Phase
from reconciler.engine.commit import DIRTY, Commit
from reconciler.engine.earlier_plan import Comparison
from reconciler.engine.preview import PlanInputs
from reconciler.engine.session import Session
from reconciler.manifest.source import near_miss
from reconciler.planning import (
    ALLOWABLE,
    Action,
    Disconnect,
    FleetSize,
    GuardName,
    Judgement,
    Plan,
    PlanUnusable,
    Stale,
    Verdict,
    allow,
    boundaries,
    desired_digest,
    evidence_of,
    expires_at,
    judge,
    made_at,
    narrowed,
    next_changes,
)
from reconciler.runs import ActionResult, HaltCause, Journal, RunResult

_LONGEST: Final = 200
"""How many characters of a text from a plan file a message quotes."""


_PASSED: Final = {BoundaryKind.BEGINS: "began to count", BoundaryKind.ENDS: "ended"}


class Refused(Exception):
    """A guard refuses the run; nothing was done. ``verdicts`` and ``fleet`` are of today's list."""

    def __init__(self, plan: Plan, verdicts: tuple[Verdict, ...], fleet: FleetSize) -> None:
        super().__init__(", ".join(v.guard for v in verdicts if v.judgement is Judgement.REFUSED))
        self.plan = plan
        self.verdicts = verdicts
        self.fleet = fleet

    @property
    def incomplete(self) -> bool:
        """Whether the observation is incomplete, which no operator can allow."""
        return any(
            v.guard is GuardName.COMPLETE_OBSERVATION and v.judgement is Judgement.REFUSED
            for v in self.verdicts
        )


class ManifestsChanged(PlanUnusable):
    """The manifests are not those that the plan was made from."""


def check_usable(
    session: Session,
    plan: Plan,
    declarations: Declarations,
    *,
    used_by: str | None = None,
    same_commit: bool = False,
) -> None:
    """Check that a saved plan fits this workspace, API, key and manifests, and has not expired.

    ``used_by`` is the run that already used it, if any. ``same_commit`` requires the git commit
    that it was made at, too. Raises ``planning.PlanUnusable`` with the first reason why not.
    """
    check_account(session, plan)
    content, envelope = plan.content, plan.envelope
    if used_by is not None:
        raise PlanUnusable(
            f"run {used_by} already used this plan (`reconciler runs {used_by}`); plan again"
        )
    if session.clock.now() >= expires_at(plan):
        raise PlanUnusable(f"the plan expired at {envelope.expires}; plan again")
    passed = boundaries(declarations, made_at(plan), session.clock.now())
    if passed:
        first = passed[0]
        raise PlanUnusable(
            f"the {first.what} {_shown(first.name)!r} at {first.place} {_PASSED[first.kind]} at"
            f" {first.at}, after the plan was made; plan again"
        )
    if content.desired_digest != desired_digest(declarations):
        raise ManifestsChanged("the manifests changed since the plan was made; plan again")
    if same_commit:
        _check_commit(envelope.commit, session.commit(declarations))


def check_account(session: Session, plan: Plan) -> None:
    """As :func:`check_place`, and that it was made with today's key."""
    check_place(session, plan)
    if plan.envelope.key_fingerprint != session.endpoint.fingerprint():
        raise PlanUnusable("the plan was made with another API key; plan again")


def check_place(session: Session, plan: Plan) -> None:
    """Check that ``plan`` is for this workspace and API. Raises ``planning.PlanUnusable``."""
    content = plan.content
    if content.workspace != session.workspace.name:
        raise PlanUnusable(
            f"the plan was made for workspace {_shown(content.workspace)!r},"
            f" this is {session.workspace.name!r}; name the workspace with --workspace"
        )
    if content.base_url != session.endpoint.address:
        raise PlanUnusable(
            f"the plan was made for {_shown(content.base_url)},"
            f" the workspace is at {session.endpoint.address} now; plan again"
        )


def _shown(text: str) -> str:
    """``text`` from a plan file, shortened so that a message can quote it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _check_commit(then: str | None, now: Commit) -> None:
    if then is None:
        raise PlanUnusable("--same-commit: the plan names no git commit; plan again, within git")
    if now.name is None:
        raise PlanUnusable(f"--same-commit: the git commit cannot be determined: {now.problem}")
    if then.endswith(DIRTY):
        raise PlanUnusable(
            "--same-commit: the manifests had uncommitted changes when the plan was made; commit"
            " them and plan again"
        )
    if now.problem is not None:
        raise PlanUnusable(f"--same-commit: the manifests have uncommitted changes: {now.problem}")
    if then != now.name:
        made = _shown(then)
        raise PlanUnusable(f"the plan was made at commit {made}, this is {now.name}; plan again")


def judge_fresh(plan: Plan, inputs: PlanInputs, allowed: Set[GuardName] = frozenset()) -> Approved:
    """Approve ``plan``, which was just made from ``inputs``, if its guards let it through.

    A refusal by a guard in ``allowed`` does not count. Raises :class:`Refused`.
    """
    content = plan.content
    return _approve(plan, inputs, (content.actions, ()), allow(content.guards, allowed))


def judge_saved(
    session: Session,
    comparison: Comparison,
    inputs: PlanInputs,
    allowed: Set[GuardName] = frozenset(),
    *,
    carried: tuple[ActionResult, ...] = (),
) -> Approved:
    """Approve a saved plan, compared with the one that ``inputs`` give today.

    The guards judge only the actions that are ready. ``carried`` are the results of a run that is
    resumed; their actions are left out. Raises :class:`Refused`.
    """
    done = {result.action.key for result in carried}
    ready = tuple(action for action in comparison.ready if action.key not in done)
    stale = tuple(stale for stale in comparison.stale if stale.action.key not in done)
    evidence = evidence_of(
        inputs.desired,
        inputs.observation.state,
        session.workspace.limits,
        inputs.history,
        disconnects=sum(1 for action in ready if isinstance(action, Disconnect)),
    )
    verdicts = allow(judge(evidence), allowed)
    return replace(_approve(comparison.plan, inputs, (ready, stale), verdicts), carried=carried)


def _approve(
    plan: Plan,
    inputs: PlanInputs,
    divided: tuple[tuple[Action, ...], tuple[Stale, ...]],
    verdicts: tuple[Verdict, ...],
) -> Approved:
    desired, users = inputs.desired, inputs.observation.state.users
    declarations = desired.declarations
    fleet = FleetSize(len(declarations.users), len(users))
    if any(verdict.judgement is Judgement.REFUSED for verdict in verdicts):
        raise Refused(plan, verdicts, fleet)
    listed = {user.external_id for user in users}
    seen = frozenset(name for name in desired.users if name in listed)
    ready, stale = divided
    return Approved(
        plan,
        inputs.observation,
        ready,
        stale,
        verdicts,
        fleet,
        desired.platforms,
        seen,
        rows={source.name: source.rows for source in declarations.sources},
        good_until=next_changes(declarations, {action.user for action in ready}, inputs.at),
    )


def carry_out(
    session: Session,
    run: str,
    approved: Approved,
    journal: Journal,
    settings: ApplySettings,
    on_result: Callable[[ActionResult], None],
    on_halt: Callable[[HaltCause, str | None], None] | None = None,
) -> RunResult:
    """Do what was approved.

    ``on_result`` gets each result as it comes. ``on_halt`` gets the cause, and a detail, when the
    run stops starting anything new. Any thread may call them. Raises ``runs.JournalFailed`` if the
    run cannot be recorded.
    """
    with session.telemetry.phase(Phase.APPLY), session.writer() as writer:
        context = session.run_context(
            run,
            journal,
            writer,
            approved.observation,
            settings,
            on_result,
            good_until=approved.good_until,
        )
        breaker = context.circuit_breaker

        def halted() -> None:
            if on_halt is not None and breaker.cause is not None:
                on_halt(breaker.cause, breaker.detail)

        with breaker.calling(halted):
            return apply_plan(approved, context, journal)


def narrow(
    session: Session, plan: Plan, inputs: PlanInputs, keep: Callable[[Action], bool]
) -> Plan:
    """``plan`` with only the actions that ``keep`` accepts, judged again by the guards."""
    evidence = evidence_of(
        inputs.desired,
        inputs.observation.state,
        session.workspace.limits,
        inputs.history,
        disconnects=0,
    )
    return structs.replace(plan, content=narrowed(plan.content, keep, evidence))


ALLOW_OPTION: Final = "--allow"
ALLOW_VARIABLE: Final = "RECONCILER_ALLOW"
NEW_LEDGER: Final = "new-ledger"
OTHER_WORKSPACE: Final = "other-workspace"
GUARDS: Final = tuple(guard.value for guard in ALLOWABLE)
"""The words that every command that acts accepts."""


class Overrides(Struct, frozen=True):
    """The guards that this command may go past, whether it may make a missing ledger, and whether
    the stack may be given another workspace."""

    guards: frozenset[GuardName] = frozenset()
    new_ledger: bool = False
    other_workspace: bool = False


def overrides(named: Iterable[str], source: str, takes: Iterable[str]) -> Overrides:
    """What ``named`` allows, by the option or variable ``source``.

    Raises :class:`InvalidInput` for a word that is not among those that it ``takes``.
    """
    words, known = frozenset(named), tuple(takes)
    unknown = sorted(words.difference(known))
    if unknown:
        meant = next(filter(None, (near_miss(word, known) for word in unknown)), None)
        raise InvalidInput(
            Diagnostic(
                None,
                f"{source} names {', '.join(unknown)}, which cannot be allowed",
                " ".join(filter(None, (meant, f"it takes: {', '.join(known)}"))),
            )
        )
    return Overrides(
        frozenset(guard for guard in ALLOWABLE if guard.value in words),
        new_ledger=NEW_LEDGER in words,
        other_workspace=OTHER_WORKSPACE in words,
    )


def overrides_of(environ: Mapping[str, str]) -> Overrides:
    """What ``RECONCILER_ALLOW`` names, separated by commas. Raises :class:`InvalidInput`."""
    words = [word for text in environ.get(ALLOW_VARIABLE, "").split(",") if (word := text.strip())]
    return overrides(words, ALLOW_VARIABLE, (*GUARDS, NEW_LEDGER, OTHER_WORKSPACE))


def in_environment(word: str) -> str:
    """How to allow ``word`` to a command that has no options of ours."""
    return f"`{ALLOW_VARIABLE}={word}` in the environment"
