"""What a notification says: a title, at most 20 lines in all, and a link.

It is read in chats, where text from others could call a whole channel, show a link or break out of
its line. So what others wrote stands between backticks, without any sign that a chat acts on. How
much is shown of a person is decided here, for every kind of notification, and not where a sentence
is made: with `counts`, nothing that others wrote is shown at all.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec import UNSET, Struct, structs

from reconciler.domain import NotificationEvent, Platform, Privacy
from reconciler.planning import (
    Action,
    Content,
    HeldAction,
    Judgement,
    Pending,
    Plan,
    UnknownConnection,
    UpdatePreferences,
    Verdict,
)
from reconciler.reporting.documents import LedgerView, PlanReport, RunReport
from reconciler.reporting.phrase import Foreign, Phrase, ShellCommand, visible
from reconciler.reporting.wording import (
    changes,
    guards,
    history,
    notifications,
    outcomes,
    runs,
    summary,
)
from reconciler.runs.history import RunSummary
from reconciler.runs.journal import ActionResult

MOST_LINES: Final = 20
MOST_CHARACTERS: Final = 1_800
"""What the chats with the least room take as one message."""
_LINE: Final = 400
_NAME: Final = 80


class Message(Struct, frozen=True):
    """What a notification says, as text that is harmless in a chat."""

    title: str
    lines: tuple[str, ...]


def of_drift(plan: Plan, privacy: Privacy) -> Message:
    """What a plan would change, and what it holds."""
    content = plan.content
    entries: Iterable[Phrase]
    if privacy is Privacy.COUNTS:
        said = Counter((changes.what(a), _reason(a)) for a in content.actions)
        held = Counter((changes.what(b.action), _hold(b)) for b in content.blocked)
        entries = (
            (f"{number}: {what}: {why}",) for (what, why), number in (*said.items(), *held.items())
        )
    else:
        entries = (
            *(_action(action, plan, privacy, changes.why(action)) for action in content.actions),
            *(_action(b.action, plan, privacy, changes.holds(b)) for b in content.blocked),
        )
    title = notifications.drift(content)
    return _message(title, [(summary.of_planned(content),)], entries, privacy)


def of_refusal(report: PlanReport, privacy: Privacy, *, acting: bool) -> Message:
    """Which guards refuse the plan, what they counted, and what would allow it."""
    refusals = refusing(report.guards)
    entries: list[Phrase] = []
    for verdict in refusals:
        entries.append(_judged(report, verdict, privacy))
        entries.append(guards.remedy(verdict))
    title = notifications.refused(report.plan.content, len(refusals), acting=acting)
    return _message(title, [], entries, privacy)


def of_run(report: RunReport, privacy: Privacy) -> Message:
    """The numbers of a run, which guards were allowed, what is not done and why, and what to do
    next."""
    result = report.result
    first: list[Phrase] = [(summary.of_run(report),)]
    allowed = (each for each in report.guards if each.judgement is Judgement.ALLOWED)
    first += [_judged(report, verdict, privacy) for verdict in allowed]
    if result.halted is not None:
        detail = result.halt_detail if privacy is Privacy.FULL else None
        first.append(outcomes.halt(result.halted, detail, result.signal))
    first += [(step,) for step in outcomes.next_steps(result.results)]
    first.append((f"Run {result.run}",))
    left = [done for done in result.results if not done.outcome.in_effect]
    entries: Iterable[Phrase]
    if privacy is Privacy.COUNTS:
        counts = Counter((_ended(done), outcomes.cause(done)) for done in left)
        entries = ((f"{number}: {what}: ", *why) for (what, why), number in counts.items())
    else:
        entries = (
            (
                f"{outcomes.OUTCOMES[done.outcome]}: ",
                *_action(done.action, report.plan, privacy, outcomes.cause(done)),
            )
            for done in left
        )
    title = notifications.run_ended(result.workspace, partial=not result.converged)
    return _message(title, first, entries, privacy)


def of_dead_runs(workspace: str, view: LedgerView, privacy: Privacy) -> Message:
    """Which runs died, what they left, and what continues them."""
    title = notifications.dead(workspace, len(view.dead))
    if privacy is not Privacy.COUNTS:
        entries = (history.announced(view, run) for run in view.dead)
        return _message(title, [], entries, privacy)
    return _message(title, [], (_dead(run) for run in view.dead), privacy)


def of_pending(content: Content, privacy: Privacy) -> Message:
    """Who has to connect what."""
    waiting = connections(content)
    people = len({entry.user for entry, _ in waiting})
    entries: Iterable[Phrase]
    if privacy is Privacy.COUNTS:
        counts = Counter(
            (platform, changes.PENDING_REASONS[entry.reason]) for entry, platform in waiting
        )
        entries = (
            (f"{number}: connect {platform}: {why}",) for (platform, why), number in counts.items()
        )
    else:
        entries = (
            (Foreign(entry.user), f": connect {platform}: {changes.PENDING_REASONS[entry.reason]}")
            for entry, platform in waiting
        )
    title = notifications.pending(content.workspace, people, len(waiting))
    return _message(title, [], entries, privacy)


def of_end(event: NotificationEvent, workspace: str) -> Message:
    """That what an earlier notification said is over."""
    return Message(notifications.CLEARED[event].replace("{workspace}", workspace), ())


def connections(content: Content) -> list[tuple[Pending, Platform]]:
    """What people have to connect; not the ids that somebody has to correct."""
    return [(each, each.platform) for each in content.pending if each.platform is not None]


def refusing(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Those of ``verdicts`` that refuse."""
    return tuple(v for v in verdicts if v.judgement is Judgement.REFUSED)


def _judged(report: PlanReport | RunReport, verdict: Verdict, privacy: Privacy) -> Phrase:
    if privacy is Privacy.COUNTS:
        return guards.sentence(structs.replace(verdict, contested=UNSET, subject=UNSET), None)
    return guards.sentence(verdict, report.limit_sources.get(verdict.guard))


def _reason(action: Action) -> str:
    return changes.ACTION_REASONS[action.reason]


def _hold(blocked: HeldAction) -> str:
    (said,) = changes.holds(structs.replace(blocked, rules=UNSET))
    return str(said)


def _ended(done: ActionResult) -> str:
    return f"{outcomes.OUTCOMES[done.outcome]}: {changes.what(done.action)}"


def _action(
    action: Action | UnknownConnection, plan: Plan, privacy: Privacy, why: Phrase
) -> Phrase:
    """``disconnect google `anna`: why``; with `full` also the account and the place."""
    said: list[str | Foreign | ShellCommand] = [f"{changes.what(action)} ", Foreign(action.user)]
    if privacy is Privacy.FULL:
        if not isinstance(action, UpdatePreferences) and action.email:
            said += [" (account ", Foreign(action.email), ")"]
        if place := plan.envelope.sources.get(action.user):
            said += [" at ", Foreign(place)]
    return (*said, ": ", *why) if why else tuple(said)


def _dead(run: RunSummary) -> Phrase:
    left = f", and left {rest}" if (rest := runs.left(run)) else ""
    return (f"Run {run.run} {history.how_ended(run)}{left}",)


def _message(
    title: str, first: Iterable[Phrase], entries: Iterable[Phrase], privacy: Privacy
) -> Message:
    """``first`` and as many of ``entries`` as there is room for; the others are counted."""
    head = [chat(phrase, privacy) for phrase in first]
    rest = list(entries)
    room = MOST_LINES - 1 - len(head)
    most = room if len(rest) <= room else room - 1
    left = MOST_CHARACTERS - sum(len(line) + 1 for line in (title, *head))
    shown = list(_fitting((chat(phrase, privacy) for phrase in islice(rest, most)), left))
    if more := len(rest) - len(shown):
        shown.append(notifications.REMAINING.replace("{more}", str(more)))
    return Message(title, (*head, *shown))


def _fitting(lines: Iterable[str], left: int) -> Iterator[str]:
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            return
        yield line


# What a chat acts on becomes a sign that looks alike: backticks would end the code span, angle
# brackets are Slack's mentions and links, and a scheme makes a link.
_LOOKALIKES: Final = str.maketrans({"`": "'", "<": "‹", ">": "›"})  # noqa: RUF001
_MENTION: Final = re.compile(
    r"@(?=everyone|here|channel|all\b|room|team)|(?<![A-Za-z0-9._+…-])@", re.IGNORECASE
)
_AT: Final = re.compile("@|\uff20|\ufe6b|%40")
_HIDDEN: Final = "…"


def chat(phrase: Phrase, privacy: Privacy) -> str:
    """``phrase`` as one line for a chat, with what ``privacy`` lets through of others' text."""
    line = "".join(part if isinstance(part, str) else _shown(part, privacy) for part in phrase)
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _shown(part: Foreign | ShellCommand, privacy: Privacy) -> str:
    if isinstance(part, ShellCommand):
        return f"`{part.words} {foreign(part.argument, privacy)}`"
    return f"`{foreign(part.text, privacy)}`"


def foreign(text: str, privacy: Privacy) -> str:
    """Text of others, without what a chat acts on, and without the names in e-mails but in full."""
    if privacy is Privacy.COUNTS:
        return _HIDDEN
    if privacy is Privacy.IDS:
        text = _masked(text)
    shown = visible(text, _NAME).translate(_LOOKALIKES).replace("://", "∶//")  # noqa: RUF001
    return _MENTION.sub("＠", shown)  # noqa: RUF001


def _masked(text: str) -> str:
    """``text`` with the first letter and the domain of what may be an e-mail.

    An address may have quotes and spaces in its name, so all that is before the last sign goes.
    """
    signs = list(_AT.finditer(text))
    if not signs:
        return text
    return f"{text[: min(1, signs[-1].start())]}…@{text[signs[-1].end() :]}"
