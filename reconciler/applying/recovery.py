"""Finds out how the calls of runs that died turned out: by reading, never by calling again.

The death of a run does not end its call: the server may still be working on it. So the outcome
``unknown`` comes only once the call cannot be under way any more (``ApplySettings.under_way``). A
call that cannot be resolved now stays in doubt for the next run, because an outcome is final, and
a network that fails or an operator who cancels says nothing about the call.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from reconciler.applying.circuit_breaker import CircuitBreaker, Halted
from reconciler.applying.run_context import READ_BACK_THREADS, RunContext
from reconciler.applying.scheduler import Pause, Queue, Scheduler, by_user
from reconciler.applying.user_list import ListIncomplete, UserNotListed
from reconciler.applying.user_session import UserSession
from reconciler.applying.verification import LAST_READ_BACK, Sent, Verification, judge
from reconciler.domain import Cancelled, Deadline, ObservedState
from reconciler.planning import Disconnect, UserIndex
from reconciler.recall import RecallError
from reconciler.runs.history import InDoubt, ResolvedCall
from reconciler.runs.journal import ActionResult, Cause, HaltCause, Outcome


def recover(
    in_doubt: Sequence[InDoubt], observed: ObservedState, context: RunContext
) -> tuple[ResolvedCall, ...]:
    """Resolve ``in_doubt`` by ``observed``, the list that ``context`` begins with, and by reading
    the users that the list does not show as done.

    Records every reading and outcome as one of the run that died. The writer only mints tokens.
    Returns what it resolved; everything else stays in doubt: all of it if the list is incomplete,
    and a user who could not be read, or whose turn had not come when the run was cancelled.

    Raises :class:`JournalFailed` if an outcome could not be recorded.
    """
    if not observed.complete:
        return ()
    breaker = CircuitBreaker(
        context.cancellation,
        context.clock,
        max_failures=len(in_doubt),  # a call that failed keeps no other from being resolved
        retry_after_cap=context.settings.retry_after_cap,
    )
    recovery = _Recovery(
        {doubt.run: context.of_run(doubt.run, breaker) for doubt in in_doubt}, UserIndex(observed)
    )
    scheduler = Scheduler(
        context.clock, {Queue.ACT: context.settings.workers, Queue.VERIFY: READ_BACK_THREADS}
    )
    with breaker.calling(lambda: _open(scheduler)):
        defect = scheduler.run(
            [
                recovery.work(of_user)
                for of_user in by_user(in_doubt, lambda doubt: doubt.action.user)
            ],
            context.cancellation,
            on_cancel=lambda: breaker.halt(HaltCause.INTERRUPTED),
        )
    if defect is not None:
        raise defect
    return recovery.results(in_doubt)


class _Recovery:
    """The work on every user, with one context for each run that died."""

    def __init__(self, contexts: Mapping[str, RunContext], users: UserIndex) -> None:
        self._contexts = contexts
        self._users = users

    def work(self, doubts: Sequence[InDoubt]) -> Iterator[Pause]:
        """What is in doubt for one user, one call after the other."""
        session = UserSession(self._contexts[doubts[0].run])
        for doubt in doubts:
            context = self._contexts[doubt.run]
            # The call stays in doubt if the run is cancelled, if nobody can be read any more, or
            # if a newer list was needed and came back incomplete.
            with suppress(Halted, Cancelled, RecallError, ListIncomplete):
                context.circuit_breaker.check()
                result = yield from self._resolve(doubt, session, context)
                if result is not None:
                    context.recorder.outcome(result)

    def results(self, in_doubt: Sequence[InDoubt]) -> tuple[ResolvedCall, ...]:
        """What was resolved. Raises :class:`JournalFailed` if it could not be recorded."""
        for context in self._contexts.values():
            if context.recorder.failure is not None:
                raise context.recorder.failure
        results = {run: context.recorder.results for run, context in self._contexts.items()}
        return tuple(
            ResolvedCall(doubt.run, result)
            for doubt in in_doubt
            if (result := results[doubt.run].get(doubt.action.key)) is not None
        )

    def _resolve(
        self, doubt: InDoubt, session: UserSession, context: RunContext
    ) -> Generator[Pause, None, ActionResult | None]:
        """How the call turned out; None if that cannot be found out now."""
        # Of what the dead run had re-read, the ledger has the platforms that the call required.
        action = doubt.action
        required = action.requires_connected if isinstance(action, Disconnect) else ()
        sent = Sent(action, doubt.call, doubt.answer, None, frozenset(required))
        if (listed := self._listed(sent)) is not None:
            context.recorder.read_back(action, sent.call, listed.cause)
            return listed
        clock, starting = context.clock, context.circuit_breaker.starting
        verification = Verification(sent, session, context)
        deadline = _deadline(doubt, context)
        try:
            # One read-back in any case, which may wait for budget as long as it takes.
            verification.read_back(Deadline(clock, starting))
            if not verification.conclusive:
                # The last read-back begins when the deadline has passed, and not before.
                until = deadline + LAST_READ_BACK
                yield from verification.follow(Deadline(clock, starting, at=until))
        except UserNotListed as other:
            context.recorder.read_back(action, sent.call, str(other.result))
            if clock.monotonic() < deadline:
                return None
            return sent.result(Outcome.UNKNOWN, other.result)
        return None if verification.last_failed else verification.seen

    def _listed(self, sent: Sent) -> ActionResult | None:
        """The result of a call if the list already shows its effect."""
        rows = self._users.rows(sent.action.user)
        result = judge(sent, rows[0]) if len(rows) == 1 else None
        if result is None or result.outcome is not Outcome.VERIFIED or not sent.is_final(result):
            return None
        if result.cause == Cause.READ_BACK:
            return sent.result(Outcome.VERIFIED, Cause.SEEN_IN_LIST)
        return result


def _deadline(doubt: InDoubt, context: RunContext) -> float:
    """When the call cannot be under way any more, on ``monotonic``.

    Counted from the intent by the wall clock, which may have been set since, but never longer than
    from now.
    """
    gone = (context.clock.now() - datetime.fromisoformat(doubt.at)).total_seconds()
    return context.clock.monotonic() + context.settings.under_way - max(0.0, gone)


def _open(scheduler: Scheduler) -> None:
    for queue in Queue:
        scheduler.open(queue)
