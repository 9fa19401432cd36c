"""Verifies a call that was sent, or may have been: reads until the effect shows or time is up.

``user_run`` uses it after its own call, ``recovery`` after a call of a run that died.
"""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from reconciler.applying.recorder import ACCEPTED
from reconciler.applying.run_context import RunContext
from reconciler.applying.scheduler import Pause, Queue
from reconciler.applying.user_session import UserSession, replaced
from reconciler.domain import CalendarUser, Deadline, DeadlinePassed
from reconciler.planning import (
    Action,
    Disconnect,
    PreconditionResult,
    effect_shows,
    has_no_row,
    is_cut_short,
)
from reconciler.recall import Blocked, NotFound, OutOfCredit, RecallError, Rejected
from reconciler.runs.outcome import ActionResult, Cause, Outcome

_REFUSED: Final = frozenset(kind("").code for kind in (Rejected, NotFound, Blocked, OutOfCredit))
"""Answers that say, without proof, that nothing was done: one look decides."""

_ENDED: Final = frozenset({ACCEPTED, *_REFUSED})
"""Answers after which the server no longer works on the call."""

_PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look; the last is repeated."""

LAST_LOOK: Final = 1.0
"""Seconds before time is up at which the last look begins."""

_WORTH_WAITING: Final = 0.1


@dataclass(frozen=True)
class Sent:
    """A call that may have had its effect.

    ``answer`` is the code of its answer, None if that is not known; ``detail`` is the text that
    came with it. ``rows`` are the platforms that the user had rows for before the call, as far as
    that is known.
    """

    action: Action
    call: int
    answer: str | None
    detail: str | None
    rows: frozenset[str] = frozenset()

    def result(self, outcome: Outcome, cause: str) -> ActionResult:
        """The result of the action, with what is known of the call."""
        return ActionResult(self.action, outcome, str(cause), self.detail, self.call)

    def settled_by(self, result: ActionResult) -> bool:
        """Whether ``result``, a reading, can no longer be changed by the call itself.

        A new connection proves nothing while the call may still be under way: the user may have
        reconnected by themselves, and the call would disconnect the new connection.
        """
        if result.outcome is Outcome.UNKNOWN:
            return False
        return result.cause != Cause.RECONNECTED or self.answer in _ENDED


class Verification:
    """The looks after one call. Every reading is recorded.

    ``seen`` is the result by the last look that succeeded, None while none did; ``blind`` says
    that the last look failed.
    """

    def __init__(self, sent: Sent, session: UserSession, context: RunContext) -> None:
        self.seen: ActionResult | None = None
        self.blind = True
        self._sent = sent
        self._session = session
        self._recorder = context.recorder
        self._circuit_breaker = context.circuit_breaker
        self._looked = False
        session.begin()

    @property
    def conclusive(self) -> bool:
        """Whether it is known how the call turned out."""
        return self.seen is not None and self._sent.settled_by(self.seen)

    def follow(self, deadline: Deadline) -> Generator[Pause, None, None]:
        """Look, at longer and longer intervals, until the result is known or ``deadline`` passes.

        Raises ``UserNotListed`` and ``ListIncomplete`` of the user list, ``Cancelled``, and an
        error of the API that concerns the whole run.
        """
        pauses = chain(_PAUSES[self._looked :], repeat(_PAUSES[-1]))
        while not self.conclusive:
            pause = next(pauses)
            # The last look begins a moment before time is up.
            left = deadline.remaining() - LAST_LOOK
            if pause and left < _WORTH_WAITING:
                return
            yield Pause(Queue.VERIFY, min(pause, max(left, 0.0)))
            try:
                self.look(deadline)
            except DeadlinePassed:
                return

    def look(self, deadline: Deadline) -> None:
        """Read the user once. Raises what :meth:`follow` does, and ``DeadlinePassed``."""
        sent = self._sent
        self._looked = self.blind = True
        try:
            user = self._session.read(sent.action, deadline)
        except RecallError as error:
            self._recorder.read_back(sent.action, sent.call, error.code)
            # Once a look does not show the effect, even an accepted call is in doubt.
            self._circuit_breaker.note_doubt(sent.action)
            if self._circuit_breaker.note_error(error):
                raise
            return
        self.blind = False
        self.seen = judge(sent, user)
        self._recorder.read_back(sent.action, sent.call, self.seen.cause)
        if not self.conclusive:
            self._circuit_breaker.note_doubt(sent.action)


def judge(sent: Sent, user: CalendarUser) -> ActionResult:
    """The result of a call by ``user``, read after it."""
    action = sent.action
    if (detail := replaced(action, user)) is not None:
        # Only after another token was minted: the user of the call is gone.
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
