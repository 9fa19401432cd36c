"""The client of Recall.ai's Calendar V1 API: the wire's side of the domain's nouns.

:class:`CalendarReader` can only GET and is all that planning holds; :class:`CalendarWriter` holds
the only mutating calls. Importing this package is cheap: httpx is loaded with the first client.
"""

from reconciler.recall.budget import Budget, Permit
from reconciler.recall.budgets import Budgets, RateLimits
from reconciler.recall.endpoint import (
    REGIONS,
    Endpoint,
    base_url_endpoint,
    region_endpoint,
    sandbox_endpoint,
)
from reconciler.recall.errors import (
    Blocked,
    Conflict,
    CredentialsRefused,
    Effect,
    NetworkSettingsInvalid,
    NoAnswer,
    NotFound,
    NotReached,
    NotSentInTime,
    OutOfCredit,
    RecallError,
    Rejected,
    ServerError,
    Throttled,
    ThrottledBeyondCap,
    TlsFailed,
    TooSlow,
    UnexpectedAnswer,
    UserTokenRefused,
)
from reconciler.recall.patience import DeadlinePassed, Interrupted, Patience, Stop, SystemClock
from reconciler.recall.reader import CalendarReader
from reconciler.recall.settings import Settings
from reconciler.recall.writer import CalendarWriter

__all__ = [
    "REGIONS",
    "Blocked",
    "Budget",
    "Budgets",
    "CalendarReader",
    "CalendarWriter",
    "Conflict",
    "CredentialsRefused",
    "DeadlinePassed",
    "Effect",
    "Endpoint",
    "Interrupted",
    "NetworkSettingsInvalid",
    "NoAnswer",
    "NotFound",
    "NotReached",
    "NotSentInTime",
    "OutOfCredit",
    "Patience",
    "Permit",
    "RateLimits",
    "RecallError",
    "Rejected",
    "ServerError",
    "Settings",
    "Stop",
    "SystemClock",
    "Throttled",
    "ThrottledBeyondCap",
    "TlsFailed",
    "TooSlow",
    "UnexpectedAnswer",
    "UserTokenRefused",
    "base_url_endpoint",
    "region_endpoint",
    "sandbox_endpoint",
]
