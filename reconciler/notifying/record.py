"""Who was notified of what: in the ledger, and where that cannot be written, in memory.

A digest that is only in memory is written to the ledger as soon as it can be: the target is not
notified of it again.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from reconciler.domain import Clock, LedgerPlace, NotificationEvent, rfc3339
from reconciler.ledger import LedgerError, NotificationClaim, NotificationSubject, open_ledger
from reconciler.notifying.occasions import NOTHING

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger


class Claimed(Struct, frozen=True):
    """The right to notify ``target`` of ``digest``; ``before`` is what it knew, since when.

    ``claim`` is None where the ledger could not be written.
    """

    target: str
    event: NotificationEvent
    digest: str
    before: tuple[str | None, str | None] = (None, None)
    claim: NotificationClaim | None = None


class NotificationUnrecorded(LedgerError):
    """It was delivered, and only this process knows."""


class NotifiedRecord:
    """What the targets of ``workspace`` at ``address`` were notified of last.

    With ``create``, a ledger that is missing is made, as a run makes it.
    """

    def __init__(
        self, place: LedgerPlace, workspace: str, address: str, clock: Clock, *, create: bool
    ) -> None:
        self.place = place
        self.workspace = workspace
        self.address = address
        self._clock = clock
        self._create = create
        self.remembered: dict[tuple[str, NotificationEvent], str] = {}
        self._ledger: Ledger | None = None

    def take_over(self, earlier: "NotifiedRecord") -> None:
        """Remember what ``earlier`` does, if it is of the same workspace and ledger."""
        ours = (self.place, self.workspace, self.address)
        if ours == (earlier.place, earlier.workspace, earlier.address):
            self.remembered = dict(earlier.remembered)

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Have the ledger open, if that is possible."""
        with ExitStack() as stack:
            try:
                self._ledger = stack.enter_context(open_ledger(self.place, create=self._create))
            except LedgerError:
                self._ledger = None
            try:
                yield self
            finally:
                self._ledger = None

    def claim(self, target: str, event: NotificationEvent, digest: str) -> Claimed | None:
        """The right to notify ``target``; None if it knows, or another process is at it."""
        known = self.remembered.get((target, event))
        if self._ledger is not None:
            subject = NotificationSubject(self.workspace, self.address, target, event)
            try:
                claim = self._ledger.claim_notification(
                    subject, digest, self._now(), nothing=NOTHING
                )
                if claim is None:
                    return None
                if known == digest:
                    self._ledger.end_notification(claim, self._now(), delivered=True)
                    del self.remembered[target, event]
                    return None
                before = (claim.before, claim.since)
                return Claimed(target, event, digest, before, claim)
            except LedgerError:
                pass
        if digest == (NOTHING if known is None else known):
            return None
        return Claimed(target, event, digest, (known, None))

    def end(self, claimed: Claimed, *, delivered: bool) -> None:
        """Keep what was delivered. Raises :class:`LedgerError` where only memory does."""
        try:
            if self._ledger is None or claimed.claim is None:
                raise NotificationUnrecorded("there is no ledger to record it in")
            self._ledger.end_notification(claimed.claim, self._now(), delivered=delivered)
            self.remembered.pop((claimed.target, claimed.event), None)
        except LedgerError:
            if delivered:
                self.remembered[claimed.target, claimed.event] = claimed.digest
            raise

    def _now(self) -> str:
        return rfc3339(self._clock.now())
