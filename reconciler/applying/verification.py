"""Looks after a call that was sent, or may have been: until its effect shows, or time is up.

Used by ``user_run`` after its own call, and by ``settling`` after one of a run that died.
"""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from reconciler.applying.circuit_breaker import CircuitBreaker
from reconciler.applying.recorder import ACCEPTED, Recorder
from reconciler.applying.scheduler import Lane, Pause
from reconciler.applying.user_session import UserSession, WaitPolicy, replaced
from reconciler.domain import CalendarUser, DeadlinePassed
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
"""Answers that say nothing was done, without proof: one look tells."""

_ENDED: Final = frozenset({ACCEPTED, *_REFUSED})
"""Answers after which the server no longer works on the call."""

_PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look; the last is repeated."""

LAST_LOOK: Final = 1.0
"""Seconds that the last look has before time is up."""

_WORTH_WAITING: Final = 0.1


@dataclass(frozen=True)
class Sent:
    """A call that may have had its effect.

    ``answer`` is the code of what it was answered, None where that is not known; ``detail`` what
    was said with it. ``rows`` are the platforms of which the user had rows before it, as far as
    that is known.
    """

    action: Action
    call: int
    answer: str | None
    detail: str | None
    rows: frozenset[str] = frozenset()

    def result(self, outcome: Outcome, cause: str) -> ActionResult:
        """The action ended so."""
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
    """The looks after one call. Every reading is reported.

    ``seen`` is what the last look that succeeded makes of the call, None while none did;
    ``blind`` says that the last look did not succeed.
    """

    def __init__(
        self, sent: Sent, access: UserSession, *, reporter: Recorder, brakes: CircuitBreaker
    ) -> None:
        self.seen: ActionResult | None = None
        self.blind = True
        self._sent = sent
        self._access = access
        self._reporter = reporter
        self._brakes = brakes
        self._looked = False
        access.begin()

    @property
    def conclusive(self) -> bool:
        """Whether it is known how the call turned out."""
        return self.seen is not None and self._sent.settled_by(self.seen)

    def follow(self, waiting: WaitPolicy) -> Generator[Pause, None, None]:
        """Look, at longer and longer intervals, until it is known or ``waiting`` is over.

        Raises :class:`UserNotListed` and :class:`ListIncomplete` of the listing, ``Cancelled``, and
        the error of the API that concerns the whole run.
        """
        patience = waiting.patience()
        pauses = chain(_PAUSES[self._looked :], repeat(_PAUSES[-1]))
        while not self.conclusive:
            pause = next(pauses)
            # The last look is begun a moment before time is up.
            left = patience.remaining() - LAST_LOOK
            if pause and left < _WORTH_WAITING:
                return
            yield Pause(Lane.SETTLE, min(pause, max(left, 0.0)))
            try:
                self.look(waiting)
            except DeadlinePassed:
                return

    def look(self, waiting: WaitPolicy) -> None:
        """Read the user once. Raises what :meth:`follow` does, and ``DeadlinePassed``."""
        sent = self._sent
        self._looked = self.blind = True
        try:
            user = self._access.read(sent.action, waiting)
        except RecallError as error:
            self._reporter.read_back(sent.action, sent.call, error.code)
            # Not even an accepted call is beyond doubt once a look does not show its effect.
            self._brakes.note_doubt(sent.action)
            if self._brakes.note_error(error):
                raise
            return
        self.blind = False
        self.seen = judge(sent, user)
        self._reporter.read_back(sent.action, sent.call, self.seen.cause)
        if not self.conclusive:
            self._brakes.note_doubt(sent.action)


def judge(sent: Sent, user: CalendarUser) -> ActionResult:
    """What ``user``, as he is after the call, says of it."""
    action = sent.action
    if (detail := replaced(action, user)) is not None:
        # Only after another token was minted: the user whom the call was for is gone.
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
