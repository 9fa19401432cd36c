"""The client of Recall.ai's Calendar V1 API: the wire's side of the domain's nouns.

:class:`CalendarReader` can only GET and is all that planning holds; :class:`CalendarWriter` holds
the only mutating calls. Importing this package is cheap: httpx is loaded with the first client.
"""

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
from reconciler.recall.rate_limiter import Permit, RateLimiter, RateWindow, RequestRates
from reconciler.recall.reader import CalendarReader
from reconciler.recall.settings import ClientSettings
from reconciler.recall.writer import CalendarWriter

__all__ = [
    "REGIONS",
    "Blocked",
    "CalendarReader",
    "CalendarWriter",
    "ClientSettings",
    "Conflict",
    "CredentialsRefused",
    "Effect",
    "Endpoint",
    "NetworkSettingsInvalid",
    "NoAnswer",
    "NotFound",
    "NotReached",
    "NotSentInTime",
    "OutOfCredit",
    "Permit",
    "RateLimiter",
    "RateWindow",
    "RecallError",
    "Rejected",
    "RequestRates",
    "ServerError",
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
