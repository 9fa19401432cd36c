"""The nouns of notifications: what they are about, how much they show, how a delivery ended."""

from enum import StrEnum
from typing import Final


class NotificationEvent(StrEnum):
    """What a target can be notified of."""

    DRIFT = "drift"  # what is connected differs from the manifests, or does no longer
    REFUSED = "refused"  # guards refuse the plan, or no longer
    RUN = "run"  # a run ended
    PARTIAL = "partial"  # a run ended with something not done, failed or unknown
    DEAD_RUN = "dead_run"  # a run died or left calls in doubt, or none is left
    PENDING = "pending"  # who has to connect changed


DEFAULT_EVENTS: Final = frozenset(NotificationEvent) - {NotificationEvent.PENDING}
"""What a target is notified of if its configuration does not say."""


class Privacy(StrEnum):
    """How much of a person a notification shows."""

    FULL = "full"  # ids, e-mails, places in manifests, and what others wrote
    IDS = "ids"  # external ids, without the name in what is an e-mail
    COUNTS = "counts"  # numbers alone


class DeliveryState(StrEnum):
    """How the attempt to notify a target ended."""

    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryCause(StrEnum):
    """Why a delivery failed, or what is wrong though it did not."""

    NOT_REACHED = "not_reached"
    NO_ANSWER = "no_answer"  # in time
    REDIRECTED = "redirected"
    REJECTED = "rejected"  # an answer that another attempt would not change
    OVERLOADED = "overloaded"  # 429 or 5xx, to every attempt
    NOT_ACCEPTED = "not_accepted"  # a service of Apprise, which does not say why
    DEFECT = "defect"
    NOT_RECORDED = "not_recorded"  # delivered, but the ledger does not know it
