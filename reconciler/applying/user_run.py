"""All actions of one calendar user, one after the other: re-read, act once, read back.

The unit of work of a run. Written as a generator that yields where it has to wait, so that a
user who waits holds no worker.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from reconciler.applying.circuit_breaker import Halted
from reconciler.applying.recorder import ACCEPTED
from reconciler.applying.run_context import RunContext
from reconciler.applying.scheduler import Lane, Pause
from reconciler.applying.settings import INTENT_GOOD_FOR, REREAD_MAX_AGE, STOP_GRACE
from reconciler.applying.user_list import ListIncomplete, UserNotListed
from reconciler.applying.user_session import UserSession, WaitPolicy, replaced
from reconciler.applying.verification import Sent, Verification
from reconciler.domain import CalendarUser, Cancelled
from reconciler.planning import (
    Action,
    Disconnect,
    PreconditionResult,
    has_no_row,
    is_cut_short,
    listed_platforms,
    standing,
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
from reconciler.runs.journal import JournalFailed
from reconciler.runs.outcome import ActionResult, Cause, HaltCause, Outcome

_MAY_BE_SENT_AGAIN = (Conflict, Throttled, NotReached, UserTokenRefused)
"""Answers that prove that nothing happened: after a new re-read the call may be sent again."""

_HELD_BACK = 0.5
"""Seconds between two looks whether somebody new may be started."""

_BACKOFF_START = 1.0
_BACKOFF_MOST = 30.0


@dataclass(frozen=True)
class _Answered:
    """A call left this machine; ``answer`` is what it was answered if not a 2xx."""

    answer: RecallError | None


class _TooLate(Exception):
    """The call could not leave soon enough after its re-read and its intent; both are repeated."""


class UserRun:
    """The work on one user. ``actions`` are his, in plan order."""

    def __init__(self, actions: Sequence[Action], equipment: RunContext) -> None:
        self._actions = actions
        self._with = equipment
        self._access = UserSession(
            equipment.reader,
            equipment.writer,
            equipment.listing,
            protection=equipment.protection,
            clock=equipment.clock,
        )
        self._before_a_call = WaitPolicy(equipment.clock, equipment.brakes.starting)
        self._row_absent = False
        self._late = 0
        self._calls = 0

    def work(self) -> Iterator[Pause]:
        """Settle every action, in order, each to exactly one reported outcome."""
        left = deque(self._actions)
        try:
            while left:
                self._access.begin()
                result = yield from self._settle(left[0])
                left.popleft()
                self._calls = self._late = 0
                self._with.reporter.outcome(result)
                if left:
                    # Not on a thread that reads back: others wait for those.
                    yield Pause(Lane.ACT, 0)
        except Exception as defect:
            self._give_up(left, defect)
            raise

    def _give_up(self, left: Sequence[Action], defect: Exception) -> None:
        """What was sent stays in doubt, and nothing else of the run is started."""
        self._with.brakes.halt(HaltCause.DEFECT, type(defect).__name__)
        for action in left:
            in_doubt = Outcome.UNKNOWN if self._calls else Outcome.NOT_ATTEMPTED
            result = self._result(action, in_doubt, HaltCause.DEFECT)
            self._calls = 0
            self._with.reporter.outcome(result)

    def _settle(self, action: Action) -> Generator[Pause, None, ActionResult]:
        while True:
            while self._with.brakes.holding_back(action):
                yield Pause(Lane.ACT, _HELD_BACK)
            try:
                attempt = self._attempt(action)
            except _TooLate:
                continue
            if isinstance(attempt, ActionResult):
                return attempt
            answer = attempt.answer
            if not isinstance(answer, _MAY_BE_SENT_AGAIN):
                if answer is not None:
                    self._with.brakes.note_doubt(action)
                return (yield from self._read_back(action, answer))
            if self._is_final(answer):
                return self._result(action, Outcome.FAILED, answer.code, str(answer))
            yield Pause(Lane.ACT, self._backoff(answer))

    def _attempt(self, action: Action) -> "ActionResult | _Answered":
        """One try: budget, re-read, preconditions, intent, call. A result where none was sent."""
        try:
            self._with.brakes.check()
            with self._reserve(action) as permit:
                user = self._access.read(action, self._before_a_call)
                now = self._standing(action, user)
                if now is not PreconditionResult.READY:
                    return self._nothing_to_send(action, now, replaced(action, user))
                return _Answered(self._send(action, permit))
        except (Halted, Cancelled, JournalFailed):
            return self._stopped(action)
        except UserNotListed as gone:
            return self._nothing_to_send(action, gone.standing)
        except ListIncomplete as error:
            return self._result(action, Outcome.FAILED, Cause.INCOMPLETE_LIST, str(error))
        except RecallError as error:
            return self._not_sent(action, error)

    # Before the call: everything here can still end with nothing sent.

    def _reserve(self, action: Action) -> Permit:
        """The budget of the call, taken first, so that nothing is waited for after the re-read."""
        reserve = (
            self._with.writer.reserve_disconnect
            if isinstance(action, Disconnect)
            else self._with.writer.reserve_update
        )
        return reserve(action.user, self._before_a_call.patience())

    def _standing(self, action: Action, user: CalendarUser) -> PreconditionResult:
        """How the action stands towards ``user``, re-read just now."""
        now = standing(action, user, self._with.protection)
        if now is PreconditionResult.DONE and is_cut_short(action, self._access.rows, user):
            return PreconditionResult.ROWS_MISSING
        self._row_absent = has_no_row(action, user)
        self._access.rows |= listed_platforms(user)
        return now

    def _nothing_to_send(
        self, action: Action, now: PreconditionResult, detail: str | None = None
    ) -> ActionResult:
        """The list or the re-read, just now, lets nothing be sent."""
        if now is not PreconditionResult.DONE:
            return self._result(action, Outcome.SKIPPED_STALE, now, detail)
        # Seen as done after a call of ours that was answered "not now": done, whoever did it.
        outcome = Outcome.VERIFIED if self._calls else Outcome.ALREADY_ABSENT
        cause = Cause.ROW_ABSENT if self._row_absent else Cause.FOUND_DONE
        return self._result(action, outcome, cause)

    def _not_sent(self, action: Action, error: RecallError) -> ActionResult:
        """A token or a re-read could not be had, or the call never left in time."""
        halts = self._with.brakes.note_error(error)
        outcome = Outcome.NOT_ATTEMPTED if halts and not self._calls else Outcome.FAILED
        return self._result(action, outcome, error.code, str(error))

    def _stopped(self, action: Action) -> ActionResult:
        """The run halts. Whatever was sent so far was proven to have done nothing."""
        outcome = Outcome.FAILED if self._calls else Outcome.NOT_ATTEMPTED
        return self._result(action, outcome, Cause.STOPPED)

    # The call.

    def _send(self, action: Action, permit: Permit) -> RecallError | None:
        """Send the one call; what it was answered if not a 2xx."""
        self._with.brakes.check()
        good_until = self._access.read_at + REREAD_MAX_AGE
        if self._with.clock.monotonic() > good_until:
            self._try_again(NotSentInTime("re-read: its answer came too late to act on"))
        # Reckoned from before the intent: the check that it is made with may be as old as that.
        # The writer looks once more just before the first byte leaves. What remains is a pause of
        # this thread exactly between that look and the write: at most one call a worker.
        leave_by = min(self._with.clock.monotonic() + INTENT_GOOD_FOR, good_until)
        self._with.reporter.intent(action, self._calls + 1)
        if self._with.clock.monotonic() > leave_by:
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
            self._with.brakes.note_error(error)
        self._with.reporter.answer(
            action, self._calls, answer, no_effect=isinstance(answer, _MAY_BE_SENT_AGAIN)
        )
        return answer

    def _call(self, action: Action, permit: Permit, leave_by: float) -> None:
        token, writer = self._access.token, self._with.writer
        if isinstance(action, Disconnect):
            writer.disconnect(token, action.platform, permit, leave_by=leave_by)
        else:
            writer.update_preferences(token, action.preferences, permit, leave_by=leave_by)

    def _too_late(self, action: Action, error: NotSentInTime | None = None) -> NoReturn:
        """Take the intent back: writing it, or (with ``error``) connecting took too long."""
        self._with.reporter.not_sent(action, self._calls + 1)
        self._try_again(error)

    def _try_again(self, error: NotSentInTime | None = None) -> NoReturn:
        """All anew, from the budget on; but not for ever: a slow record stops the whole run,
        and a slow API (``error``) this action."""
        self._late += 1
        if self._late >= self._with.settings.calls:
            if error is not None:
                raise error
            self._with.brakes.halt(HaltCause.JOURNAL_FAILED, "writing an intent takes too long")
        raise _TooLate

    def _is_final(self, answer: RecallError) -> bool:
        """Whether an answer that allows another call is the last that we ask for."""
        if isinstance(answer, TlsFailed):
            return True
        if isinstance(answer, UserTokenRefused) and self._access.refused():
            return True
        beyond_cap = isinstance(answer, ThrottledBeyondCap) or self._with.brakes.beyond_cap(answer)
        return beyond_cap or self._calls >= self._with.settings.calls

    def _backoff(self, answer: RecallError) -> float:
        """Seconds until the next try: as told and a little more, or exponential with jitter."""
        jitter = self._with.chance.random()
        if isinstance(answer, UserTokenRefused):
            return 0.0
        if answer.retry_after is not None:
            return answer.retry_after + jitter
        return min(_BACKOFF_START * 2.0 ** (self._calls - 1), _BACKOFF_MOST) * (0.5 + jitter)

    # After the call.

    def _read_back(
        self, action: Action, answer: RecallError | None
    ) -> Generator[Pause, None, ActionResult]:
        deadline = self._with.clock.monotonic() + self._with.settings.read_back
        # The detail without the error's hint: what helps depends on the outcome, not on the answer.
        code, detail = (ACCEPTED, None) if answer is None else (answer.code, answer.detail)
        sent = Sent(action, self._calls, code, detail, self._access.rows)
        read_back = Verification(
            sent, self._access, reporter=self._with.reporter, brakes=self._with.brakes
        )
        with suppress(Cancelled, UserNotListed, ListIncomplete, RecallError):
            yield from read_back.follow(
                WaitPolicy(self._with.clock, self._with.stop, deadline, STOP_GRACE)
            )
        result = read_back.seen or sent.result(Outcome.UNKNOWN, Cause.NOT_READABLE)
        if result.cause == Cause.ROW_ABSENT and isinstance(action, Disconnect):
            self._access.rows = sent.rows - {action.platform}
        return result

    def _result(
        self, action: Action, outcome: Outcome, cause: str, detail: str | None = None
    ) -> ActionResult:
        return ActionResult(action, outcome, str(cause), detail, self._calls)
