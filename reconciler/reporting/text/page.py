"""Lines of text with tones, and what several kinds of report have in common as text.

Colour is painted only where there is some. One string a line and no layout engine: a plan of a
hundred thousand lines must stay linear.
"""

import sys
import textwrap
from collections.abc import Mapping, Sequence
from functools import cache

from reconciler.domain import Diagnostic, SourceLocation
from reconciler.planning import GuardName, Judgement, Plan, PlanChanges, Verdict
from reconciler.reporting import entries
from reconciler.reporting.documents import Delivery, LedgerAccess, LedgerView
from reconciler.reporting.entries import Tone, UserEntry
from reconciler.reporting.phrase import PROSE_LIMIT, one_line, plain, visible
from reconciler.reporting.wording import changes, guards, history, notifications

Span = tuple[str, Tone]
_NARROWEST = 40


class TextPage:
    """Collects lines, wrapped to ``width`` columns; 0 wraps nothing, so that pipes can grep."""

    def __init__(self, *, width: int, color: bool) -> None:
        self._width = max(width, _NARROWEST) if width else sys.maxsize
        self._unbroken = not width
        self._color = color
        self._lines: list[str] = []

    @property
    def width(self) -> int:
        """The most columns of a line that is wrapped."""
        return self._width

    def line(self, *spans: Span | str) -> None:
        """One line, as long as it is."""
        if self._color:
            self._lines.append(
                "".join([s if isinstance(s, str) else _paint(s[0], s[1]) for s in spans])
            )
        else:
            self._lines.append("".join([s if isinstance(s, str) else s[0] for s in spans]))

    def prose(self, text: str, tone: Tone = Tone.PLAIN, *, first: str = "", rest: str = "") -> None:
        """A sentence, wrapped; ``first`` is put before its first line, ``rest`` before others."""
        for line in self._wrap(text, first, rest):
            self.line((line, tone))

    def sentence(self, *spans: Span | str, rest: str = "  ") -> None:
        """``spans`` as one sentence, wrapped, each in its own tone; ``rest`` before other lines."""
        if self._unbroken:
            self.line(*spans)
            return
        words = [
            (word, Tone.PLAIN if isinstance(span, str) else span[1])
            for span in spans
            for word in (span if isinstance(span, str) else span[0]).split()
        ]
        head = spans[0] if isinstance(spans[0], str) else spans[0][0]
        indent = " " * (len(head) - len(head.lstrip(" ")))
        if len(indent) + sum(cells(word) + 1 for word, _ in words) - 1 <= self._width:
            self.line(*spans)
            return
        line: list[Span | str] = []
        used = 0
        for word, tone in words:
            if line and used + 1 + cells(word) > self._width:
                self.line(*line)
                line, used = [rest, (word, tone)], cells(rest) + cells(word)
            else:
                before = " " if line else indent
                line += [before, (word, tone)]
                used += len(before) + cells(word)
        self.line(*line)

    def _wrap(self, text: str, first: str, rest: str) -> list[str]:
        if not (text.isascii() or self._unbroken):
            return _wrap_cells(text, self._width, first, rest)
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def entry(self, head: str, tone: Tone, rest: str) -> None:
        """``head`` painted, then ``rest``: one line, or several with a hanging indent."""
        if self._unbroken or cells(head) + cells(rest) + 2 <= self._width:
            self.line("  ", (head, tone), rest)
            return
        first, *others = self._wrap(head + rest, "  ", "      ")
        painted = head if first.startswith(head, 2) else first[2:]
        self.line("  ", (painted, tone), first[2 + len(painted) :])
        for line in others:
            self.line(line)

    @property
    def height(self) -> int:
        """The number of lines so far."""
        return len(self._lines)

    def gap(self) -> None:
        """An empty line, never two, and none at the top."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes: a wide character or an emoji has two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - not all text needs it

    return cell_len(text)


def _wrap_cells(text: str, width: int, first: str, rest: str) -> list[str]:
    """``text`` broken at its spaces into lines of at most ``width`` columns."""
    words = text.split(" ")
    lines, line, used = [], first + words[0], cells(first + words[0])
    for word in words[1:]:
        taken = cells(word)
        if used + 1 + taken > width:
            lines.append(line)
            line, used = rest + word, cells(rest) + taken
        else:
            line, used = f"{line} {word}", used + 1 + taken
    return [*lines, line]


def _paint(text: str, tone: Tone) -> str:
    before, after = _codes(tone)
    return f"{before}{text}{after}"


@cache
def _codes(tone: Tone) -> tuple[str, str]:
    from rich.color import ColorSystem  # noqa: PLC0415 - 27 ms to import, and pipes need no colour
    from rich.style import Style  # noqa: PLC0415

    before, after = Style.parse(tone).render("|", color_system=ColorSystem.STANDARD).split("|")
    return before, after


def write_header(page: TextPage, subject: str, plan: Plan) -> None:
    """Where, and by which plan."""
    content, envelope = plan.content, plan.envelope
    where = f"workspace {visible(content.workspace)} at {visible(content.base_url)}"
    page.line((f"{subject} for {where}", Tone.HEADING))
    page.line((f"  plan {content.digest()}", Tone.FAINT))
    commit = f", commit {visible(envelope.commit)}" if envelope.commit else ""
    when = f"made {visible(envelope.made)}, expires {visible(envelope.expires)}"
    page.line((f"  {when}{commit}", Tone.FAINT))


def write_groups(page: TextPage, plan: Plan | None, groups: Mapping[str, list[UserEntry]]) -> None:
    """The entries of each user, under the id and the place where ``plan`` says it is declared."""
    for user, group in groups.items():
        write_user(page, plan, user, group)
        for entry in group:
            write_entry(page, entry)


def write_user(page: TextPage, plan: Plan | None, user: str, group: list[UserEntry]) -> None:
    """The head of one user's entries."""
    place = entries.source(plan, user)
    page.gap()
    page.line(
        (visible(user), Tone.HEADING),
        (f"  # {visible(place)}" if place else "", Tone.FAINT),
    )
    for note in dict.fromkeys(entry.note for entry in group if entry.note):
        page.prose(f"note: {one_line(note)}", Tone.FAINT, first="  ", rest="    ")


def write_entry(page: TextPage, entry: UserEntry, *, of: str | None = None) -> None:
    """One entry below its user, or ``of`` a user who is named with it."""
    symbol = entry.symbol
    user = "" if of is None else f" of {visible(of)}"
    account = f" ({visible(entry.account)})" if entry.account else ""
    page.entry(f"{symbol.mark} {entry.what}{user}{account}", symbol.tone, f": {plain(entry.why)}")
    if entry.detail:
        page.prose(one_line(entry.detail), first="      ", rest="      ")


def write_guards(
    page: TextPage,
    verdicts: tuple[Verdict, ...],
    sources: Mapping[GuardName, str],
    *,
    every: bool = False,
    remedies: bool = True,
    but: tuple[Verdict, ...] = (),
) -> None:
    """The guards that did not let the plan pass, or ``every`` one; what was not judged did not
    pass. None of those in ``but``."""
    for verdict in verdicts:
        if not every and (
            verdict in but or verdict.judgement in (Judgement.PASSED, Judgement.NOT_APPLICABLE)
        ):
            continue
        refused = verdict.judgement is Judgement.REFUSED
        page.gap()
        page.prose(
            plain(guards.sentence(verdict, sources.get(verdict.guard))),
            _TONES.get(verdict.judgement, Tone.FAINT),
            rest="  ",
        )
        if refused and remedies:
            page.prose(plain(guards.remedy(verdict)), first="  ", rest="  ")


def write_diagnostic(page: TextPage, diagnostic: Diagnostic) -> None:
    """An error, its place and what helps."""
    place = "" if diagnostic.location is None else f"{visible(str(diagnostic.location))}: "
    page.sentence(("error: ", Tone.ALARM), (place, Tone.HEADING), one_line(diagnostic.message))
    if diagnostic.excerpt is not None and diagnostic.location is not None:
        _write_excerpt(page, diagnostic.excerpt, diagnostic.location)
    if diagnostic.hint is not None:
        page.prose(one_line(diagnostic.hint), Tone.FAINT, first="  ", rest="  ")


def _write_excerpt(page: TextPage, excerpt: str, location: SourceLocation) -> None:
    """The line of the file as far as there is room, and a caret below the column, if it has one."""
    number = f"  {location.line} | "
    room = page.width - len(number)
    at = max(location.column - 1, 0)
    before, after = excerpt[:at], excerpt[at:]
    cut = max(len(before) - _MOST_BEFORE, 0)
    before = before[cut + 1 :] if cut else before
    shown = f"…{_as_written(before)}" if cut else _as_written(before)
    while cells(shown) > room // 2:
        before = before[1:]
        shown = f"…{_as_written(before)}"
    room -= cells(shown)
    cut = max(len(after) - _MOST_AFTER, 0)
    after = after[: _MOST_AFTER - 1] if cut else after
    rest = f"{_as_written(after)}…" if cut else _as_written(after)
    while cells(rest) > room:
        after = after[:-1]
        rest = f"{_as_written(after)}…"
    page.line((number, Tone.FAINT), shown + rest)
    if location.column:
        bar = " " * (len(number) - 2) + "| "
        page.line((bar, Tone.FAINT), " " * cells(shown), ("^", Tone.ALARM))


def _as_written(part: str) -> str:
    """A part of a line with its indentation, and nothing unseen in it."""
    inner = visible(f"|{part.expandtabs(1)}|", PROSE_LIMIT)
    return inner[1:-1]


_MOST_BEFORE, _MOST_AFTER = 40, 60
_TONES: Mapping[Judgement, Tone] = {
    Judgement.REFUSED: Tone.ALARM,
    Judgement.NOT_JUDGED: Tone.CHANGE,
}


def write_ledger(
    page: TextPage, ledger: LedgerView | None, *, resumes: str | None = None, missing: bool = True
) -> None:
    """Which runs died, what was resolved of them, and, if asked, where a ledger is ``missing``."""
    if ledger is None:
        return
    for run in ledger.dead:
        page.gap()
        page.prose(plain(history.died(ledger, run)), Tone.ALARM, rest="  ")
        for step in history.steps(run, resumes):
            page.line(f"  {plain(step)}")
    said = history.state(ledger)
    if said is not None and (missing or ledger.state is not LedgerAccess.NONE):
        page.gap()
        page.prose(plain(said), Tone.CHANGE, rest="  ")
    if (used := history.used(ledger)) is not None:
        page.gap()
        page.prose(plain(used), Tone.CHANGE, rest="  ")
    for run_id, resolved in entries.resolved(ledger.resolved).items():
        page.gap()
        page.line((plain(history.resolved_of(run_id)), Tone.HEADING))
        for entry in resolved:
            write_entry(page, entry, of=entry.user)


def write_deliveries(page: TextPage, deliveries: Sequence[Delivery]) -> None:
    """Which targets were notified, and which could not be."""
    if not deliveries:
        return
    page.gap()
    page.line((notifications.HEADING, Tone.HEADING))
    for made in deliveries:
        fine = made.cause is None
        said = plain(notifications.delivery(made))
        page.prose(said, Tone.FAINT if fine else Tone.ALARM, first="  ", rest="    ")


def write_changes(page: TextPage, plan: Plan | None, found: PlanChanges | None) -> None:
    """What is different beside actions, then the actions, grouped like those of a plan."""
    if found is None:
        return
    page.gap()
    page.prose(changes.summary_of_change(found), Tone.HEADING, rest="  ")
    if found.nothing:
        return
    for remark in changes.remarks_on_change(found):
        page.prose(remark, first="  ", rest="    ")
    write_groups(
        page,
        plan,
        entries.by_user(
            entries.gone(found),
            entries.added(found),
            entries.held(found.blocked),
            entries.pending(found.pending),
        ),
    )
