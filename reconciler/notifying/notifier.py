"""Notifies the targets of one workspace: which of them, of what, once, and within a bound.

All targets are delivered to at the same time, each in a thread of its own. A thread that takes too
long is left behind: it cannot hold the process up.
"""

import threading
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from reconciler.domain import (
    Clock,
    Deadline,
    DeliveryCause,
    DeliveryState,
    LedgerPlace,
    NotificationEvent,
    rfc3339,
)
from reconciler.ledger import LedgerError
from reconciler.notifying import occasions
from reconciler.notifying.occasions import Occasion
from reconciler.notifying.record import Claimed, NotifiedRecord
from reconciler.notifying.targets import ReadyTarget, ReadyWebhook
from reconciler.reporting import Delivery, PlanReport, RunReport
from reconciler.reporting.notification import Message
from reconciler.reporting.wording import notifications

DELIVERY_SECONDS: Final = 30.0
"""The longest that all deliveries of one report take together."""

_NAMESPACE: Final = uuid.UUID("6f1d6a6e-4b0c-4e43-9d57-0a1c8d9f5a11")


class WebhookBody(Struct, frozen=True):
    """What a webhook is sent; the fields are a published format."""

    format: str
    id: str
    event: NotificationEvent
    over: bool
    workspace: str
    run: str | None
    at: str
    title: str
    lines: tuple[str, ...]
    link: str | None


class _Parcel(Struct, frozen=True):
    """One notification of one target, on its way."""

    claimed: Claimed
    body: WebhookBody


class Notifier:
    """The targets of a workspace at ``address``, to be notified of reports. Never raises.

    With ``create`` it makes a ledger that is missing. What it cannot write to the ledger it
    remembers for as long as it lives.
    """

    def __init__(
        self,
        targets: Sequence[ReadyTarget],
        workspace: str,
        address: str,
        place: LedgerPlace,
        clock: Clock,
        *,
        create: bool,
    ) -> None:
        self._targets = targets
        self._workspace = workspace
        self._clock = clock
        self.record = NotifiedRecord(place, workspace, address, clock, create=create)

    def __bool__(self) -> bool:
        """Whether there is anybody to notify."""
        return bool(self._targets)

    def remembering(self, earlier: "Notifier | None") -> "Notifier":
        """This one, with what ``earlier`` remembers of the same workspace beside the ledger."""
        if earlier is not None:
            self.record.take_over(earlier.record)
        return self

    def of_plan(self, report: PlanReport) -> tuple[Delivery, ...]:
        """Notify of a plan that nobody is about to apply."""
        return self._notify(occasions.of_plan(report))

    def of_refused_run(self, report: PlanReport) -> tuple[Delivery, ...]:
        """Notify of a run that was refused before it acted."""
        return self._notify(occasions.of_refused_run(report))

    def of_run(self, report: RunReport) -> tuple[Delivery, ...]:
        """Notify of a run that is closed in the ledger."""
        return self._notify(occasions.of_run(report))

    def _notify(self, found: Iterable[Occasion]) -> tuple[Delivery, ...]:
        if not self._targets:
            return ()
        reasons = tuple(found)
        parcels: list[tuple[ReadyTarget, list[_Parcel]]] = []
        with self.record.open() as record:
            for ready in self._targets:
                claims = [
                    (reason, record.claim(ready.target.name, event, reason.digest))
                    for reason in reasons
                    if (event := _event(ready, reason)) is not None
                ]
                parcels.append(
                    (ready, [self._parcel(ready, r, c) for r, c in claims if c is not None])
                )
            causes = self._deliver(parcels)
            return tuple(
                self._ended(record, ready, parcel, cause)
                for (ready, sent), ended in zip(parcels, causes, strict=True)
                for parcel, cause in zip(sent, ended, strict=True)
            )

    def _parcel(self, ready: ReadyTarget, reason: Occasion, claimed: Claimed) -> _Parcel:
        target = ready.target
        message: Message = reason.say(target.privacy)
        link = target.link_for(self._workspace, reason.run)
        no_link = (notifications.NO_LINK,) if link is None and target.needs_run else ()
        name = msgspec.json.encode((target.name, claimed.event, claimed.digest, *claimed.before))
        return _Parcel(
            claimed,
            WebhookBody(
                format="reconciler/notification/v1",
                id=str(uuid.uuid5(_NAMESPACE, f"{self._workspace} {name.decode()}")),
                event=claimed.event,
                over=reason.over,
                workspace=self._workspace,
                run=reason.run,
                at=rfc3339(self._clock.now()),
                title=message.title,
                lines=(*message.lines, *no_link),
                link=link,
            ),
        )

    def _deliver(
        self, parcels: Sequence[tuple[ReadyTarget, list[_Parcel]]]
    ) -> list[list[DeliveryCause | None]]:
        """How each delivery ended; None is well. Takes ``DELIVERY_SECONDS`` at most."""
        end = self._clock.monotonic() + DELIVERY_SECONDS
        deadline = Deadline(self._clock, at=end)
        causes: list[list[DeliveryCause | None]] = [
            [DeliveryCause.NO_ANSWER] * len(sent) for _, sent in parcels
        ]
        dones = []
        for (ready, sent), into in zip(parcels, causes, strict=True):
            if sent:
                done = threading.Event()
                dones.append(done)
                work = (ready, sent, into, done, deadline)
                try:
                    threading.Thread(target=self._work, args=work, daemon=True).start()
                except RuntimeError:  # the system gives no more threads
                    into[:] = [DeliveryCause.DEFECT] * len(into)
                    done.set()
        for done in dones:
            self._clock.wait(max(0.0, end - self._clock.monotonic()), done)
        # What a thread that was left behind still writes must not count.
        return [list(ended) for ended in causes]

    def _work(
        self,
        ready: ReadyTarget,
        sent: Sequence[_Parcel],
        into: list[DeliveryCause | None],
        done: threading.Event,
        deadline: Deadline,
    ) -> None:
        try:
            for number, parcel in enumerate(sent):
                into[number] = self._send(ready, parcel.body, deadline)
        finally:
            done.set()

    def _send(
        self, ready: ReadyTarget, body: WebhookBody, deadline: Deadline
    ) -> DeliveryCause | None:
        service = ready.service
        try:
            if isinstance(service, ReadyWebhook):
                from reconciler.notifying import webhook  # noqa: PLC0415 - loads httpx

                return webhook.deliver(service, msgspec.json.encode(body), self._clock, deadline)
            from reconciler.notifying import apprise_service  # noqa: PLC0415 - loads Apprise

            text = "\n".join((*body.lines, *([body.link] if body.link else [])))
            return apprise_service.deliver(service.url, body.title, text, good=body.over)
        except Exception:  # noqa: BLE001 - whatever a service does, the run has ended as it has
            # Not logged: the text of an error of theirs may hold the URL.
            return DeliveryCause.DEFECT

    def _ended(
        self,
        record: NotifiedRecord,
        ready: ReadyTarget,
        parcel: _Parcel,
        cause: DeliveryCause | None,
    ) -> Delivery:
        name, event = ready.target.name, parcel.claimed.event
        try:
            record.end(parcel.claimed, delivered=cause is None)
        except LedgerError:
            cause = cause or DeliveryCause.NOT_RECORDED
        well = cause in (None, DeliveryCause.NOT_RECORDED)
        return Delivery(
            name, event, DeliveryState.DELIVERED if well else DeliveryState.FAILED, cause
        )


def _event(ready: ReadyTarget, reason: Occasion) -> NotificationEvent | None:
    """As what the target is notified of ``reason``; None if it is not."""
    events = ready.target.events
    if reason.event in events:
        return reason.event
    if reason.event is NotificationEvent.PARTIAL and NotificationEvent.RUN in events:
        return NotificationEvent.RUN
    return None
