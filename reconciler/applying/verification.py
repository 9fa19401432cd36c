"""Verifies a call that was sent, or may have been: reads the user until the effect shows.

It stops at a deadline. A user's run uses it after its own call, recovery for a call of a dead run.
"""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from reconciler.applying.recorder import ACCEPTED
from reconciler.applying.run_context import RunContext
from reconciler.applying.scheduler import Pause, Queue
from reconciler.applying.user_session import UserSession, replaced
from reconciler.domain import CalendarUser, Deadline, DeadlinePassed, Phase
from reconciler.planning import (
    Action,
    Disconnect,
    PreconditionResult,
    effect_shows,
    has_no_row,
    is_cut_short,
)
from reconciler.recall import Blocked, NotFound, OutOfCredit, RecallError, Rejected
from reconciler.runs.journal import ActionResult, Cause, Outcome

_REFUSED: Final = frozenset(kind("").code for kind in (Rejected, NotFound, Blocked, OutOfCredit))
"""Refusals. They do not prove that nothing was done; one read-back decides."""

_ENDED: Final = frozenset({ACCEPTED, *_REFUSED})
"""Answers after which the server no longer works on the call."""

_PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before each read-back; the last value is repeated."""

LAST_READ_BACK: Final = 1.0
"""The last read-back begins this many seconds before the deadline."""

_WORTH_WAITING: Final = 0.1


@dataclass(frozen=True)
class Sent:
    """A call that may have had its effect.

    ``answer`` is the code of its answer, or None if no answer is known; ``detail`` is the text of
    that answer. ``rows`` are the platforms for which the user is known to have had rows before the
    call.
    """

    action: Action
    call: int
    answer: str | None
    detail: str | None
    rows: frozenset[str] = frozenset()

    def result(self, outcome: Outcome, cause: str) -> ActionResult:
        """A result of the action, with the number of the call and the text of its answer."""
        return ActionResult(self.action, outcome, str(cause), self.detail, self.call)

    def is_final(self, result: ActionResult) -> bool:
        """Whether ``result``, from a read-back, is final: the call can no longer change it.

        A new connection proves nothing while the call may still be under way: the user may have
        reconnected by themselves, and the call would disconnect the new connection.
        """
        if result.outcome is Outcome.UNKNOWN:
            return False
        return result.cause != Cause.RECONNECTED or self.answer in _ENDED


class Verification:
    """The read-backs of one call. Each of them is recorded.

    ``seen`` is the result according to the last read-back that succeeded, None if none has yet;
    ``last_failed`` says that the last read-back failed.
    """

    def __init__(self, sent: Sent, session: UserSession, context: RunContext) -> None:
        self.seen: ActionResult | None = None
        self.last_failed = True
        self._sent = sent
        self._session = session
        self._recorder = context.recorder
        self._circuit_breaker = context.circuit_breaker
        self._telemetry = context.telemetry
        self._read = False
        session.begin()

    @property
    def conclusive(self) -> bool:
        """Whether it is known how the call turned out."""
        return self.seen is not None and self._sent.is_final(self.seen)

    def follow(self, deadline: Deadline) -> Generator[Pause, None, None]:
        """Read back after growing pauses, until the result is final or ``deadline`` passes.

        Raises ``UserNotListed`` and ``ListIncomplete`` of the user list, ``Cancelled``, and an
        error of the API that concerns the whole run.
        """
        pauses = chain(_PAUSES[self._read :], repeat(_PAUSES[-1]))
        while not self.conclusive:
            pause = next(pauses)
            # The last read-back begins a moment before the deadline.
            left = deadline.remaining() - LAST_READ_BACK
            if pause and left < _WORTH_WAITING:
                return
            yield Pause(Queue.VERIFY, min(pause, max(left, 0.0)))
            try:
                self.read_back(deadline)
            except DeadlinePassed:
                return

    def read_back(self, deadline: Deadline) -> None:
        """Read the user once. Raises what :meth:`follow` does, and ``DeadlinePassed``."""
        sent = self._sent
        self._read = self.last_failed = True
        try:
            with self._telemetry.phase(Phase.VERIFY):
                user = self._session.read(sent.action, deadline)
        except RecallError as error:
            self._recorder.read_back(sent.action, sent.call, error.code)
            # If a read-back does not show the effect, even an accepted call is in doubt.
            self._circuit_breaker.note_doubt(sent.action)
            if self._circuit_breaker.note_error(error):
                raise
            return
        self.last_failed = False
        self.seen = judge(sent, user)
        self._recorder.read_back(sent.action, sent.call, self.seen.cause)
        if not self.conclusive:
            self._circuit_breaker.note_doubt(sent.action)


def judge(sent: Sent, user: CalendarUser) -> ActionResult:
    """The result of a call, according to ``user`` as read back after it."""
    action = sent.action
    if (detail := replaced(action.user, action.recall_id, user)) is not None:
        # This happens only if another token was minted: the user of the call is gone.
        unknown = Outcome.UNKNOWN, str(PreconditionResult.USER_REPLACED)
        return ActionResult(action, *unknown, detail, sent.call)
    if is_cut_short(action, sent.rows, user):
        return sent.result(Outcome.UNKNOWN, Cause.NOT_SEEN_IN_TIME)
    if effect_shows(action, user):
        return sent.result(Outcome.VERIFIED, _shown(action, user))
    if sent.answer in _REFUSED:
        return sent.result(Outcome.FAILED, sent.answer)
    return sent.result(Outcome.UNKNOWN, Cause.NOT_SEEN_IN_TIME)


def _shown(action: Action, user: CalendarUser) -> Cause:
    """How ``user`` shows the effect of ``action``."""
    if has_no_row(action, user):
        return Cause.ROW_ABSENT
    reconnected = isinstance(action, Disconnect) and user.connected(action.platform)
    return Cause.RECONNECTED if reconnected else Cause.READ_BACK
