"""What a Pulumi program says about its fleets, in lines that Pulumi shows among its own.

A program does not know which operation it runs in, so it says what an update would do.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from reconciler.domain import ObservedState, RuleMode
from reconciler.planning import (
    Action,
    Content,
    Disconnect,
    GuardName,
    Hold,
    Judgement,
    Target,
    UnknownConnection,
    Verdict,
)
from reconciler.reporting.documents import LedgerView
from reconciler.reporting.phrase import Foreign, Phrase, counted, plain
from reconciler.reporting.wording import changes, guards, outcomes
from reconciler.runs.journal import ActionResult, Cause, RunResult

_FEW = 10
"""How many items a line names; it counts the rest."""

_MANY = 2000
"""Users above which one resource each is too many."""


FOR_THE_SAME_REASON: Final = (
    "for the same reason as another resource, which shows it; nothing was done"
)
"""Replaces a message that is true of all resources and that one of them already showed."""


MARKUP: Final = "<{%"
"""Begins a colour in Pulumi, which removes it from everything that it shows."""


def not_for_pulumi(user: str) -> str:
    """Pulumi would show ``user`` as somebody else."""
    return (
        f"Pulumi cannot show the id {_unmarked(user)!r} unchanged and would name somebody else."
        " Nothing was changed. Manage this user with the command line"
    )


ABANDONED: Final = "another workspace of the program was refused or failed, so nothing was changed"
"""For a workspace that was abandoned because of another one."""


def not_ended(run: str) -> str:
    """The report of an update until it ends."""
    return (
        "the update is still running, or was killed before it could report how it ended:"
        f" `reconciler runs {run}` shows what was done"
    )


UNCHECKED: Final = (
    "The program exited before its last step could check the update: planned actions may not have"
    " been done. Run `pulumi up` again: it does what is left."
)
"""For a program that exited by itself."""


NO_COMMAND: Final = (
    "the command of this program cannot be found: no Pulumi command started a"
    " `pulumi-language-python` above it. Nothing was registered. Run the program with the Pulumi"
    " CLI, or with the Automation API as a local program, not as an inline one"
)
"""For a program whose provider could not tell its run from that of another command."""


def preview_not_kept(target: Target, folder: str) -> str:
    """Nothing would limit the update to what this preview shows."""
    return (
        f"{_at(target)}: the record of this preview cannot be kept for the update in {folder};"
        " nothing was changed. Let XDG_RUNTIME_DIR or TMPDIR name a folder that only you can use"
    )


def preview_lost(target: Target) -> str:
    """This command showed something, and nobody knows what."""
    return (
        f"{_at(target)}: the record of this command's preview is lost; nothing was changed. Run"
        " `pulumi up` again. To skip the preview, put `--skip-preview` directly after `pulumi up`"
    )


def planned(content: Content, actions: Sequence[Action]) -> str | None:
    """``An update would disconnect 3: …``; None if it would do nothing."""
    disconnects = [action for action in actions if isinstance(action, Disconnect)]
    others = [action for action in actions if not isinstance(action, Disconnect)]
    parts = []
    if disconnects:
        parts.append(f"disconnect {len(disconnects)}: {_named(map(_what, disconnects))}")
    if others:
        parts.append(f"update the preferences of {len(others)}: {_named(map(_who, others))}")
    if not parts:
        return None
    return f"{_of(content)}: an update would {'; and '.join(parts)}."


def remainder(content: Content) -> tuple[str, ...]:
    """What an update would not do: a line each for users who have to connect, users who were not
    found, held actions, users who are left alone and users that rules report, if there are any."""
    lines = []
    to_connect = [pending for pending in content.pending if pending.platform is not None]
    not_found = [pending for pending in content.pending if pending.platform is None]
    if to_connect:
        people = _named((Foreign(p.user), f" ({p.platform})") for p in to_connect)
        lines.append(f"{len(to_connect)} waiting for a person to connect: {people}")
    if not_found:
        ids = _named((Foreign(p.user), ", ", *changes.why_pending(p)) for p in not_found)
        lines.append(f"{len(not_found)} not found: {ids}")
    if content.blocked:
        held = _named((*_what(b.action), ", ", *changes.holds(b)) for b in content.blocked)
        lines.append(f"{len(content.blocked)} held: {held}")
    if content.unmanaged:
        unmanaged = _named((Foreign(s.user or s.recall_id),) for s in content.unmanaged)
        lines.append(f"{len(content.unmanaged)} left alone: {unmanaged}")
    if content.reported:
        reporting = [rule for rule in content.rules or () if rule.mode is RuleMode.REPORT]
        reported = _named(
            (Foreign(user), " (", Foreign(rule.name), ")")
            for rule in reporting
            for user in rule.users
        )
        lines.append(f"{content.reported} not as a rule asks that only reports: {reported}")
    return tuple(f"{_of(content)}: {line}." for line in lines)


def postponed(content: Content, left: Sequence[Action]) -> str:
    """What came up after the preview, so that this update does not do it."""
    return (
        f"{_of(content)}: not in the preview, so left for the next update:"
        f" {_named(map(_what, left))}."
    )


def no_preview(target: Target) -> str:
    """An update does what nobody saw."""
    return (
        f"{_at(target)}: this command made no preview, so the update does what is planned now,"
        " without showing it first."
    )


def no_preview_refused(target: Target) -> str:
    """An update is refused because nobody saw what it does."""
    return (
        f"{_at(target)}: this command made no preview, and one is required; nothing was changed."
        " Run `pulumi up` without --skip-preview."
    )


def while_locked(run: str) -> str:
    """What to do while ``run`` holds the workspace."""
    return (
        "nothing was changed: wait until that run ends, then run this again; if it can no longer"
        f" end by itself, run `reconciler unlock {run}`"
    )


def many(content: Content, declared: int) -> str | None:
    """Which granularity to choose once a resource for each user is slow."""
    if declared <= _MANY:
        return None
    return (
        f"{_of(content)}: {declared} users, each a resource of its own. Above some {_MANY} users"
        " granularity `fleet` is faster: it has one resource for all of them. Changing the"
        " granularity disconnects nobody."
    )


def other_workspace(owner: str, before: Set[str], now: Set[str], by: str) -> str:
    """The stack ``owner`` held the workspaces ``before``, but declares only others ``now``."""
    held, given = (f"workspace {' and '.join(sorted(names))}" for names in (before, now))
    return (
        f"{owner} held {held} until now, but declares {given}; nothing was changed. Create another"
        f" stack for {given} (`pulumi stack init`). If you mean this stack, run it with {by}: it"
        f" then forgets all of {held} and disconnects nobody there"
    )


def declared_twice(user: str, first: str, second: str) -> str:
    """Two fleets of one program declare the same user at the same API."""
    return plain((Foreign(user), " is declared twice: ", Foreign(first), " and ", Foreign(second)))


def refused(content: Content, verdicts: Iterable[Verdict], sources: Mapping[GuardName, str]) -> str:
    """Which guards refuse, what they counted, and how to allow it."""
    lines = _refusals(verdicts, sources, content.problems)
    return "\n".join([f"{_of(content)}: refused; nothing was changed.", *lines])


def list_refused(
    target: Target, observed: ObservedState, verdicts: Iterable[Verdict]
) -> str | None:
    """Why a list does not count as the whole fleet; None if it does."""
    lines = _refusals(verdicts, {}, observed.problems)
    if not lines:
        return None
    return "; ".join([f"{_at(target)}: this list is not used", *lines])


def history_unreadable(target: Target, ledger: LedgerView) -> str:
    """The list cannot be compared with the last accepted run."""
    guard = GuardName.OBSERVED_FLEET_SHRINK
    remedy = (
        f". Without the ledger {guard} cannot be judged. Run `pulumi up` without a refresh: it"
        " migrates an older ledger, and says what is wrong with any other. If you are sure that"
        f" the list is right, {guards.by_variable(guard)}."
    )
    return plain(
        (
            f"{_at(target)}: this list is not used: ",
            Foreign(ledger.detail or ledger.place, prose=True),
            remedy,
        )
    )


def _refusals(
    verdicts: Iterable[Verdict], sources: Mapping[GuardName, str], problems: Iterable[str]
) -> list[str]:
    lines = []
    for verdict in verdicts:
        if verdict.judgement is Judgement.REFUSED:
            said = plain(guards.sentence(verdict, sources.get(verdict.guard)))
            lines.append(f"{said}. {plain(guards.remedy(verdict, guards.by_variable))}")
    return lines + [plain((Foreign(problem, prose=True),)) for problem in problems]


def unconfirmed(content: Content, result: RunResult) -> str:
    """Which planned actions did not end well or are held in doubt, and what to do."""
    bad = [ended for ended in result.results if not ended.outcome.in_effect]
    planned_actions = counted(len(result.results), "planned action")
    said = f"{len(bad)} of {planned_actions} not confirmed" if bad else "not converged"
    lines = [
        f"{_of(content)}: {said} (run {result.run}):",
        *(plain(_ending(ended)) for ended in bad[:_FEW]),
    ]
    if result.in_doubt:
        held = counted(result.in_doubt, "action")
        lines.append(f"{held} {changes.HOLDS[Hold.IN_DOUBT]}: run `pulumi up` again in a minute")
    if len(bad) > _FEW:
        lines.append(f"and {len(bad) - _FEW} more: `reconciler runs {result.run}`")
    lines += outcomes.next_steps(bad, "run `pulumi up` again")
    if any(ended.cause == Cause.NOT_HANDED_OVER for ended in bad):
        lines.append(
            "if this was a refresh or a destroy, run it without --run-program: only an update acts"
        )
    return "\n".join(lines)


def _ending(ended: ActionResult) -> Phrase:
    detail: Phrase = (f" ({plain((Foreign(ended.detail, prose=True),))})",) if ended.detail else ()
    said = (f": {outcomes.OUTCOMES[ended.outcome]}: ", *outcomes.cause(ended), *detail)
    return ("- ", *_what(ended.action), *said)


def _what(action: Action | UnknownConnection) -> Phrase:
    if isinstance(action, UnknownConnection):
        return (Foreign(action.user), " (", Foreign(action.platform), ")")
    what = action.platform.value if isinstance(action, Disconnect) else "preferences"
    return (Foreign(action.user), f" ({what})")


def _who(action: Action) -> Phrase:
    return (Foreign(action.user),)


def _unmarked(text: str) -> str:
    return text.replace(MARKUP, "<{ %")


def _named(phrases: Iterable[Phrase]) -> str:
    said = [_unmarked(plain(phrase)) for phrase in phrases]
    more = f" and {len(said) - _FEW} more" if len(said) > _FEW else ""
    return ", ".join(said[:_FEW]) + more


def _of(content: Content) -> str:
    return _at(Target(content.workspace, content.base_url))


def _at(target: Target) -> str:
    return plain(("workspace ", Foreign(target.workspace), " at ", Foreign(target.base_url)))
