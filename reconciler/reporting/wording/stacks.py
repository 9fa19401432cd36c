"""What a Pulumi program says of its fleets, in lines for Pulumi to show among its own.

Such a program never knows which operation it runs in: it says what an update would do.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from reconciler.domain import ObservedState
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
from reconciler.reporting.phrase import Foreign, Phrase, counted, plain
from reconciler.reporting.wording import changes, guards, outcomes
from reconciler.runs.outcome import ActionResult, Cause, RunResult

_FEW = 10
"""How many are named of those that a line is about."""

_MANY = 2000
"""Users from which on a resource for each of them is too many."""


FOR_THE_SAME_REASON: Final = (
    "for the same reason as the other resource that says why; nothing was done"
)
"""In place of what was said of one resource already, and is true of all."""


MARKUP: Final = "<{%"
"""What begins a colour of Pulumi's, which takes it out of all that it shows."""


def not_for_pulumi(user: str) -> str:
    """That Pulumi would show ``user`` as somebody else."""
    return (
        f"Pulumi cannot show the id {_unmarked(user)!r} as it is, and would"
        " name somebody else; leave this user to the command line. Nothing was changed"
    )


ABANDONED: Final = (
    "another workspace of the program was refused, or could not be judged; nothing was changed"
)
"""Of a workspace that was abandoned for it."""


def not_ended(run: str) -> str:
    """What stands in the report of an update until it ends."""
    return (
        "the update has not come to its end, or was ended before it could say how:"
        f" `reconciler runs {run}` tells what was done"
    )


UNJUDGED: Final = (
    "The program ended before it was asked how its update went: what was planned may not have been"
    " done. Run `pulumi up` again; it does what is left."
)
"""Of a program that left by itself."""


NO_COMMAND: Final = (
    "the command that this program belongs to cannot be found: no Pulumi command started a"
    " `pulumi-language-python` above it. Run it by the Pulumi CLI, or by the Automation API as a"
    " local program, not as an inline one; nothing was registered"
)
"""Of a program whose provider could not tell its run from another command's."""


def preview_not_kept(target: Target, folder: str) -> str:
    """That an update could not be held to its preview."""
    return (
        f"{_at(target)}: what this preview shows cannot be kept for the update in {folder}: let"
        " XDG_RUNTIME_DIR or TMPDIR name a folder that is yours alone; nothing was changed"
    )


def preview_lost(target: Target) -> str:
    """That this command has shown something, and nobody knows what."""
    return (
        f"{_at(target)}: what the preview of this command showed is lost; nothing was changed: run"
        " `pulumi up` again. If it was told to make none, give `--skip-preview` first, directly"
        " after `pulumi up`"
    )


def planned(content: Content, actions: Sequence[Action]) -> str | None:
    """``An update would disconnect 3: …``; None where it would do nothing."""
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


def standing(content: Content) -> tuple[str, ...]:
    """Who has to connect or was not found, what is held, who is left alone: a line each, where
    there is anybody."""
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
        held = _named((*_what(b.action), f", {changes.holds(b)}") for b in content.blocked)
        lines.append(f"{len(content.blocked)} held: {held}")
    if content.spared:
        spared = _named((Foreign(s.user or s.recall_id),) for s in content.spared)
        lines.append(f"{len(content.spared)} left alone: {spared}")
    return tuple(f"{_of(content)}: {line}." for line in lines)


def appeared(content: Content, left: Sequence[Action]) -> str:
    """What came up after the preview, and so is not done by this update."""
    return (
        f"{_of(content)}: not in the preview, and so left for the next one:"
        f" {_named(map(_what, left))}."
    )


def no_preview(target: Target) -> str:
    """That an update does what nobody was shown."""
    return (
        f"{_at(target)}: no preview was made by this command, so what is planned now is done"
        " without having been shown."
    )


def no_preview_refused(target: Target) -> str:
    """That an update is refused for it."""
    return (
        f"{_at(target)}: no preview was made by this command, and one is required: run"
        " `pulumi up` without --skip-preview; nothing was changed."
    )


def while_locked(run: str) -> str:
    """What to do while ``run`` holds the workspace."""
    return (
        "nothing was changed: wait for it, then run this again; if it cannot end by itself any"
        f" more, `reconciler unlock {run}`"
    )


def many(content: Content, declared: int) -> str | None:
    """Which granularity to take, where a resource a user has become slow."""
    if declared <= _MANY:
        return None
    return (
        f"{_of(content)}: {declared} users, each a resource of its own; from some {_MANY} on"
        " granularity `fleet` is faster, one resource for all of them, and the move disconnects"
        " nobody."
    )


def other_workspace(owner: str, before: Set[str], now: Set[str], by: str) -> str:
    """That the stack ``owner`` held ``before`` and declares none of them ``now``, but others."""
    held, given = (f"workspace {' and '.join(sorted(names))}" for names in (before, now))
    return (
        f"{owner} held {held} until now, and is given {given}; nothing was changed. Give {given} a"
        f" stack of its own (`pulumi stack init`). If this one is meant, run it with {by}: then all"
        f" of {held} is forgotten, and nobody is disconnected there"
    )


def declared_twice(user: str, first: str, second: str) -> str:
    """That two fleets of one program declare the same user at the same API."""
    return plain((Foreign(user), " is declared twice: ", Foreign(first), " and ", Foreign(second)))


def refused(content: Content, verdicts: Iterable[Verdict], sources: Mapping[GuardName, str]) -> str:
    """Which guards refuse, what they counted, and what would let it pass."""
    lines = _refusals(verdicts, sources, content.problems)
    return "\n".join([f"{_of(content)}: refused; nothing was changed.", *lines])


def unbelievable(
    target: Target, observed: ObservedState, verdicts: Iterable[Verdict]
) -> str | None:
    """Why a list is not taken for the whole fleet; None if it is."""
    lines = _refusals(verdicts, {}, observed.problems)
    if not lines:
        return None
    return "; ".join([f"{_at(target)}: nothing is made of this list", *lines])


def _refusals(
    verdicts: Iterable[Verdict], sources: Mapping[GuardName, str], problems: Iterable[str]
) -> list[str]:
    lines = []
    for verdict in verdicts:
        if verdict.judgement is Judgement.REFUSED:
            said = plain(guards.sentence(verdict, sources.get(verdict.guard)))
            lines.append(f"{said}. {plain(guards.remedy(verdict, guards.by_variable))}")
    return lines + [plain((Foreign(problem, prose=True),)) for problem in problems]


def unsettled(content: Content, result: RunResult) -> str:
    """Which planned actions did not come to a good end or were held in doubt, and what to do."""
    bad = [ended for ended in result.results if not ended.outcome.settled]
    planned_actions = counted(len(result.results), "planned action")
    said = f"{len(bad)} of {planned_actions} not settled" if bad else "not converged"
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
