"""Finds out how calls turned out that runs which died may have sent: by looking, never by calling.

Death does not end a call: the server may still be working on it. So ``unknown`` is said only once
the call cannot be under way any more (``ApplySettings.under_way``). What cannot be found out now
stays in doubt, for the next run: an outcome is final, and a network that fails or an operator who
stops says nothing of the call.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from reconciler.applying.circuit_breaker import CircuitBreaker, Halted
from reconciler.applying.recorder import Recorder
from reconciler.applying.scheduler import Lane, Pause, Scheduler
from reconciler.applying.settings import READ_BACK_THREADS, ApplySettings
from reconciler.applying.user_list import ListIncomplete, UserList, UserNotListed
from reconciler.applying.user_session import UserSession, WaitPolicy
from reconciler.applying.verification import LAST_LOOK, Sent, Verification, judge
from reconciler.domain import Cancellation, Cancelled, Clock, ObservedState
from reconciler.planning import Disconnect, Protection, UserIndex
from reconciler.recall import CalendarReader, CalendarWriter, RecallError
from reconciler.runs.history import InDoubt, Settled
from reconciler.runs.journal import StepJournal
from reconciler.runs.outcome import ActionResult, Cause, HaltCause, Outcome


@dataclass(frozen=True)
class _Means:
    """What the work on all users shares; ``reporters`` has one for each run that died."""

    roster: UserIndex
    listing: UserList
    reporters: Mapping[str, Recorder]
    brakes: CircuitBreaker


class Recovery:
    """Settles what is in doubt. ``writer`` only mints tokens here.

    The journal gets every reading and outcome as one of the run that died.
    """

    def __init__(
        self,
        reader: CalendarReader,
        writer: CalendarWriter,
        journal: StepJournal,
        *,
        protection: Protection,
        clock: Clock,
        stop: Cancellation,
        settings: ApplySettings,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._journal = journal
        self._protection = protection
        self._clock = clock
        self._stop = stop
        self._settings = settings

    def settle(
        self, in_doubt: Sequence[InDoubt], observed: ObservedState, observed_at: float
    ) -> tuple[Settled, ...]:
        """Settle ``in_doubt`` by the list ``observed``, asked for at ``observed_at`` (monotonic),
        and by reading those whom it does not show as done.

        Returns what was settled. What is missing there stays in doubt: nothing is settled by an
        incomplete list, nor for who could not be read, or was still to be read when told to stop.

        Raises :class:`JournalFailed` when an outcome could not be recorded.
        """
        if not observed.complete:
            return ()
        lanes = Scheduler(
            self._clock, {Lane.ACT: self._settings.workers, Lane.SETTLE: READ_BACK_THREADS}
        )
        brakes = CircuitBreaker(
            self._stop,
            max_failures=len(in_doubt),  # how one turned out keeps no other from being settled
            retry_after_cap=self._settings.retry_after_cap,
            monotonic=self._clock.monotonic,
            on_halt=lambda: _open(lanes),
        )
        means = _Means(
            UserIndex(observed),
            UserList(
                observed,
                observed_at,
                reader=self._reader,
                clock=self._clock,
                max_age=self._settings.list_max_age,
            ),
            {
                doubt.run: Recorder(doubt.run, self._journal, self._clock, brakes, lambda _: None)
                for doubt in in_doubt
            },
            brakes,
        )
        defect = lanes.run(
            [self._work(doubts, means) for doubts in _by_user(in_doubt)],
            self._stop,
            on_stop=lambda: brakes.halt(HaltCause.INTERRUPTED),
        )
        if defect is not None:
            raise defect
        return _collect(in_doubt, means.reporters)

    def _work(self, doubts: Sequence[InDoubt], means: _Means) -> Iterator[Pause]:
        """What is in doubt of one user, one after the other."""
        access = UserSession(
            self._reader,
            self._writer,
            means.listing,
            protection=self._protection,
            clock=self._clock,
        )
        for doubt in doubts:
            # It stays in doubt when the run is told to stop, when nobody can be read any more, or
            # when the list had to be taken again and did not come whole.
            with suppress(Halted, Cancelled, RecallError, ListIncomplete):
                means.brakes.check()
                result = yield from self._settle(doubt, access, means)
                if result is not None:
                    means.reporters[doubt.run].outcome(result)

    def _settle(
        self, doubt: InDoubt, access: UserSession, means: _Means
    ) -> Generator[Pause, None, ActionResult | None]:
        """How it turned out; None where that cannot be found out now."""
        # Of what the dead run had re-read the platforms that the call required are on record.
        action = doubt.action
        required = action.requires_connected if isinstance(action, Disconnect) else ()
        sent = Sent(action, doubt.call, doubt.answer, None, frozenset(required))
        reporter = means.reporters[doubt.run]
        if (listed := _listed(sent, means.roster)) is not None:
            reporter.read_back(sent.action, sent.call, listed.cause)
            return listed
        read_back = Verification(sent, access, reporter=reporter, brakes=means.brakes)
        deadline = self._deadline(doubt)
        try:
            # One look in any case, which may wait for budget as long as it takes.
            read_back.look(WaitPolicy(self._clock, means.brakes.starting))
            if not read_back.conclusive:
                # So that the last look is begun when the deadline has passed, and not before.
                until = deadline + LAST_LOOK
                yield from read_back.follow(WaitPolicy(self._clock, means.brakes.starting, until))
        except UserNotListed as other:
            reporter.read_back(sent.action, sent.call, str(other.standing))
            if self._clock.monotonic() < deadline:
                return None
            return sent.result(Outcome.UNKNOWN, other.standing)
        return None if read_back.blind else read_back.seen

    def _deadline(self, doubt: InDoubt) -> float:
        """When the call cannot be under way any more, on ``monotonic``. Counted from the intent by
        the wall clock, which may have been set since, but never longer than from now."""
        gone = (self._clock.now() - datetime.fromisoformat(doubt.at)).total_seconds()
        return self._clock.monotonic() + self._settings.under_way - max(0.0, gone)


def _listed(sent: Sent, roster: UserIndex) -> ActionResult | None:
    """What the list says of a call whose effect it shows."""
    rows = roster.rows(sent.action.user)
    result = judge(sent, rows[0]) if len(rows) == 1 else None
    if result is None or result.outcome is not Outcome.VERIFIED or not sent.settled_by(result):
        return None
    if result.cause == Cause.READ_BACK:
        return sent.result(Outcome.VERIFIED, Cause.SEEN_IN_LIST)
    return result


def _by_user(in_doubt: Sequence[InDoubt]) -> list[list[InDoubt]]:
    users: dict[str, list[InDoubt]] = {}
    for doubt in in_doubt:
        users.setdefault(doubt.action.user, []).append(doubt)
    return list(users.values())


def _open(lanes: Scheduler) -> None:
    for lane in Lane:
        lanes.open(lane)


def _collect(in_doubt: Sequence[InDoubt], reporters: Mapping[str, Recorder]) -> tuple[Settled, ...]:
    for reporter in reporters.values():
        if reporter.failure is not None:
            raise reporter.failure
    results = {run: reporter.results for run, reporter in reporters.items()}
    return tuple(
        Settled(doubt.run, result)
        for doubt in in_doubt
        if (result := results[doubt.run].get(doubt.action.key)) is not None
    )
