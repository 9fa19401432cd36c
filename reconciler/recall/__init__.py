"""The client of Recall.ai's Calendar V1 API.

:class:`CalendarReader` can only GET; planning holds nothing else. :class:`TokenMinter` can get the
tokens of users, and :class:`CalendarWriter` has the only calls that change anything. Importing this
package is cheap: the first client loads httpx.
"""

from reconciler.recall.endpoint import (
    REGIONS,
    ClientSettings,
    Endpoint,
    base_url_endpoint,
    region_endpoint,
    region_url,
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
from reconciler.recall.minter import TokenMinter
from reconciler.recall.oauth_link import LINK_SECONDS, connect_link
from reconciler.recall.rate_limiter import Permit, RateLimiter, RateWindow
from reconciler.recall.reader import CalendarReader
from reconciler.recall.writer import CalendarWriter

__all__ = [
    "LINK_SECONDS",
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
    "ServerError",
    "Throttled",
    "ThrottledBeyondCap",
    "TlsFailed",
    "TokenMinter",
    "TooSlow",
    "UnexpectedAnswer",
    "UserTokenRefused",
    "base_url_endpoint",
    "connect_link",
    "region_endpoint",
    "region_url",
    "sandbox_endpoint",
]
