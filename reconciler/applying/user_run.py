"""All actions of one calendar user, one after the other: re-read, act once, read back.

The unit of work of a run. It is a generator that yields where it has to wait, so that no thread is
blocked while a user waits.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from reconciler.applying.circuit_breaker import Halted
from reconciler.applying.recorder import ACCEPTED
from reconciler.applying.run_context import INTENT_GOOD_FOR, REREAD_MAX_AGE, STOP_GRACE, RunContext
from reconciler.applying.scheduler import Pause, Queue
from reconciler.applying.user_list import ListIncomplete, UserNotListed
from reconciler.applying.user_session import UserSession, replaced
from reconciler.applying.verification import Sent, Verification
from reconciler.domain import CalendarUser, Cancelled, Connection, Deadline
from reconciler.planning import (
    Action,
    Disconnect,
    PreconditionResult,
    check_preconditions,
    has_no_row,
    is_cut_short,
    listed_platforms,
)
from reconciler.recall import (
    Conflict,
    NotReached,
    NotSentInTime,
    Permit,
    RecallError,
    Throttled,
    ThrottledBeyondCap,
    TlsFailed,
    UserTokenRefused,
)
from reconciler.runs.journal import ActionResult, Cause, HaltCause, JournalFailed, Outcome

_MAY_BE_SENT_AGAIN = (Conflict, Throttled, NotReached, UserTokenRefused)
"""Answers that prove that the call did nothing: it may be sent again after a new re-read."""

_HELD_BACK = 0.5
"""Seconds until this checks again whether another user may start."""

_BACKOFF_START = 1.0
_BACKOFF_MAX = 30.0


@dataclass(frozen=True)
class _Answered:
    """A call was sent. ``answer`` is the error that it ended with, None for a 2xx."""

    answer: RecallError | None


class _TooLate(Exception):
    """The call could not be sent soon enough after its re-read and its intent; repeat both."""


class UserRun:
    """The work on one user. ``actions`` are those of this user, in plan order.

    ``disconnected`` are the connections of the user that the run has disconnected so far.
    """

    def __init__(
        self,
        actions: Sequence[Action],
        context: RunContext,
        disconnected: Sequence[Connection] = (),
    ) -> None:
        self._actions = actions
        self._context = context
        self._breaker = context.circuit_breaker
        self._session = UserSession(context)
        self._until_halted = Deadline(context.clock, self._breaker.starting)
        # A rule is checked as if what this run did itself had not happened.
        self._disconnected = list(disconnected)
        self._connection: Connection | None = None
        self._row_absent = False
        self._late = 0
        self._calls = 0

    def work(self) -> Iterator[Pause]:
        """Do the actions in order, and record exactly one outcome for each."""
        left = deque(self._actions)
        try:
            while left:
                self._session.begin()
                result = yield from self._act(left[0])
                left.popleft()
                self._calls = self._late = 0
                self._context.recorder.outcome(result)
                if left:
                    # Leave the threads that read back to the other users that wait for them.
                    yield Pause(Queue.ACT, 0)
        except Exception as defect:
            self._give_up(left, defect)
            raise

    def _give_up(self, left: Sequence[Action], defect: Exception) -> None:
        """After a defect: a call that was sent is ``unknown``, and the run starts nothing else."""
        self._breaker.halt(HaltCause.DEFECT, type(defect).__name__)
        for action in left:
            in_doubt = Outcome.UNKNOWN if self._calls else Outcome.NOT_ATTEMPTED
            result = self._result(action, in_doubt, HaltCause.DEFECT)
            self._calls = 0
            self._context.recorder.outcome(result)

    def _act(self, action: Action) -> Generator[Pause, None, ActionResult]:
        while True:
            while self._breaker.holding_back(action):
                yield Pause(Queue.ACT, _HELD_BACK)
            try:
                attempt = self._attempt(action)
            except _TooLate:
                continue
            if isinstance(attempt, ActionResult):
                return attempt
            answer = attempt.answer
            if not isinstance(answer, _MAY_BE_SENT_AGAIN):
                if answer is not None:
                    self._breaker.note_doubt(action)
                return (yield from self._verify(action, answer))
            if self._is_final(answer):
                return self._result(action, Outcome.FAILED, answer.code, str(answer))
            yield Pause(Queue.ACT, self._backoff(answer))

    def _attempt(self, action: Action) -> "ActionResult | _Answered":
        """One try: budget, re-read, preconditions, intent, call. Without a call, its result."""
        try:
            self._breaker.check()
            with self._reserve(action) as permit:
                user = self._session.read(action, self._until_halted)
                now = self._check(action, user)
                if now is not PreconditionResult.READY:
                    return self._nothing_to_send(
                        action, now, replaced(action.user, action.recall_id, user)
                    )
                return _Answered(self._send(action, permit))
        except (Halted, Cancelled, JournalFailed):
            return self._stopped(action)
        except UserNotListed as gone:
            return self._nothing_to_send(action, gone.result)
        except ListIncomplete as error:
            return self._result(action, Outcome.FAILED, Cause.INCOMPLETE_LIST, str(error))
        except RecallError as error:
            return self._not_sent(action, error)

    # Before the call: everything here can still end without sending anything.

    def _reserve(self, action: Action) -> Permit:
        """Take the rate budget first, so that nothing waits between the re-read and the call."""
        reserve = (
            self._context.writer.reserve_disconnect
            if isinstance(action, Disconnect)
            else self._context.writer.reserve_update
        )
        return reserve(action.user, self._until_halted)

    def _check(self, action: Action, user: CalendarUser) -> PreconditionResult:
        """Whether ``user``, re-read just now, still allows the action."""
        now = check_preconditions(action, user, self._context.protection, self._disconnected)
        if now is PreconditionResult.DONE and is_cut_short(action, self._session.rows, user):
            return PreconditionResult.ROWS_MISSING
        self._connection = _connection_of(action, user)
        self._row_absent = has_no_row(action, user)
        self._session.rows |= listed_platforms(user)
        if now is PreconditionResult.READY and self._declared_otherwise(action):
            return PreconditionResult.NOT_PLANNED_ANY_MORE
        return now

    def _declared_otherwise(self, action: Action) -> bool:
        """Whether something that is declared of the user began or ended since the plan was made."""
        until = self._context.good_until.get(action.user)
        return until is not None and self._context.clock.now() >= until

    def _nothing_to_send(
        self, action: Action, now: PreconditionResult, detail: str | None = None
    ) -> ActionResult:
        """The result if the list or the re-read shows that there is nothing to send."""
        if now is not PreconditionResult.DONE:
            return self._result(action, Outcome.SKIPPED_STALE, now, detail)
        # If an earlier call of this run was answered "not now", this is verified, whoever did it.
        outcome = Outcome.VERIFIED if self._calls else Outcome.ALREADY_ABSENT
        cause = Cause.ROW_ABSENT if self._row_absent else Cause.FOUND_DONE
        return self._result(action, outcome, cause)

    def _not_sent(self, action: Action, error: RecallError) -> ActionResult:
        """The result if a token or a re-read failed, or the call could not be sent in time."""
        halts = self._breaker.note_error(error)
        outcome = Outcome.NOT_ATTEMPTED if halts and not self._calls else Outcome.FAILED
        return self._result(action, outcome, error.code, str(error))

    def _stopped(self, action: Action) -> ActionResult:
        """The result if the run halts. Any call sent so far provably did nothing."""
        outcome = Outcome.FAILED if self._calls else Outcome.NOT_ATTEMPTED
        return self._result(action, outcome, Cause.STOPPED)

    # The call.

    def _send(self, action: Action, permit: Permit) -> RecallError | None:
        """Send the one call. Returns its error, None for a 2xx."""
        self._breaker.check()
        good_until = self._session.read_at + REREAD_MAX_AGE
        if self._context.clock.monotonic() > good_until:
            self._try_again(NotSentInTime("re-read: its answer came too late to act on"))
        # The time starts before the intent is written, because the lock may be checked as early as
        # that. The writer checks the time again just before it sends the first byte. Only if this
        # thread is suspended exactly between that check and the sending can the call be late: at
        # most one call for each worker.
        leave_by = min(self._context.clock.monotonic() + INTENT_GOOD_FOR, good_until)
        self._context.recorder.intent(action, self._calls + 1)
        if self._context.clock.monotonic() > leave_by:
            self._too_late(action)
        self._calls += 1
        answer: RecallError | None = None
        try:
            self._call(action, permit, leave_by)
        except NotSentInTime as error:
            self._calls -= 1
            self._too_late(action, error)
        except RecallError as error:
            answer = error
            self._breaker.note_error(error)
        self._context.recorder.answer(
            action, self._calls, answer, no_effect=isinstance(answer, _MAY_BE_SENT_AGAIN)
        )
        return answer

    def _call(self, action: Action, permit: Permit, leave_by: float) -> None:
        token, writer = self._session.token, self._context.writer
        if isinstance(action, Disconnect):
            writer.disconnect(token, action.platform, permit, leave_by=leave_by)
        else:
            writer.update_preferences(token, action.preferences, permit, leave_by=leave_by)

    def _too_late(self, action: Action, error: NotSentInTime | None = None) -> NoReturn:
        """Withdraw the intent: writing it took too long, or with ``error``, connecting did."""
        self._context.recorder.not_sent(action, self._calls + 1)
        self._try_again(error)

    def _try_again(self, error: NotSentInTime | None = None) -> NoReturn:
        """Begin the try again, a limited number of times. Then a slow journal stops the whole run,
        and a slow API (``error``) stops this action."""
        self._late += 1
        if self._late >= self._context.settings.calls:
            if error is not None:
                raise error
            self._breaker.halt(HaltCause.JOURNAL_FAILED, "writing an intent takes too long")
        raise _TooLate

    def _is_final(self, answer: RecallError) -> bool:
        """Whether to give up after this answer, although the call could be sent again."""
        if isinstance(answer, TlsFailed):
            return True
        if isinstance(answer, UserTokenRefused) and self._session.refused():
            return True
        beyond_cap = isinstance(answer, ThrottledBeyondCap) or self._breaker.beyond_cap(answer)
        return beyond_cap or self._calls >= self._context.settings.calls

    def _backoff(self, answer: RecallError) -> float:
        """Seconds until the next try: as the API asks and a little more, or exponential."""
        jitter = self._context.jitter.random()
        if isinstance(answer, UserTokenRefused):
            return 0.0
        if answer.retry_after is not None:
            return answer.retry_after + jitter
        return min(_BACKOFF_START * 2.0 ** (self._calls - 1), _BACKOFF_MAX) * (0.5 + jitter)

    # After the call.

    def _verify(
        self, action: Action, answer: RecallError | None
    ) -> Generator[Pause, None, ActionResult]:
        context = self._context
        until = context.clock.monotonic() + context.settings.read_back
        # Leave out the advice of the error: what helps depends on the outcome, not on the answer.
        code, detail = (ACCEPTED, None) if answer is None else (answer.code, answer.detail)
        sent = Sent(action, self._calls, code, detail, self._session.rows)
        verification = Verification(sent, self._session, context)
        deadline = Deadline(context.clock, context.cancellation, at=until, grace=STOP_GRACE)
        with suppress(Cancelled, UserNotListed, ListIncomplete, RecallError):
            yield from verification.follow(deadline)
        result = verification.seen or sent.result(Outcome.UNKNOWN, Cause.NOT_READABLE)
        if result.outcome is Outcome.VERIFIED and self._connection is not None:
            self._disconnected.append(self._connection)
        if result.cause == Cause.ROW_ABSENT and isinstance(action, Disconnect):
            self._session.rows = sent.rows - {action.platform}
        return result

    def _result(
        self, action: Action, outcome: Outcome, cause: str, detail: str | None = None
    ) -> ActionResult:
        return ActionResult(action, outcome, str(cause), detail, self._calls)


def _connection_of(action: Action, user: CalendarUser) -> Connection | None:
    """The connection of ``user`` that ``action`` disconnects."""
    if not isinstance(action, Disconnect):
        return None
    connected = (c for c in user.connections if c.connected and c.platform == action.platform)
    return next(connected, None)
