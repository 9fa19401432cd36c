"""The nouns that every other room uses: frozen data, without I/O and without a clock.

It imports nothing of ours, so that any room may import it.
"""

from reconciler.domain.diagnostic import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.exits import Exit, of_signal
from reconciler.domain.secrets import REDACTED, KeyFault, Secret, is_header_safe, key_fault
from reconciler.domain.settings import (
    COMMAND_LINE,
    Count,
    LedgerPlace,
    Limits,
    PostgresqlDatabase,
    RateLimits,
    SqliteFile,
    Timeouts,
    UnknownEmail,
    stack_owner,
)
from reconciler.domain.state import (
    PLATFORM_NAMES,
    PREFERENCE_FIELDS,
    CalendarUser,
    Connection,
    DesiredState,
    DesiredUser,
    Handover,
    ManifestFile,
    Observation,
    ObservedState,
    Platform,
    Preferences,
)
from reconciler.domain.time import (
    Cancellation,
    Cancelled,
    Clock,
    Deadline,
    DeadlinePassed,
    SystemClock,
    rfc3339,
)
from reconciler.domain.urls import UnusableUrl, ip_address, is_loopback, normalised_base_url

__all__ = [
    "COMMAND_LINE",
    "PLATFORM_NAMES",
    "PREFERENCE_FIELDS",
    "REDACTED",
    "CalendarUser",
    "Cancellation",
    "Cancelled",
    "Clock",
    "Connection",
    "Count",
    "Deadline",
    "DeadlinePassed",
    "DesiredState",
    "DesiredUser",
    "Diagnostic",
    "Exit",
    "Handover",
    "InvalidInput",
    "KeyFault",
    "LedgerPlace",
    "Limits",
    "ManifestFile",
    "Observation",
    "ObservedState",
    "Platform",
    "PostgresqlDatabase",
    "Preferences",
    "RateLimits",
    "Secret",
    "SourceLocation",
    "SqliteFile",
    "SystemClock",
    "Timeouts",
    "UnknownEmail",
    "UnusableUrl",
    "ip_address",
    "is_header_safe",
    "is_loopback",
    "key_fault",
    "normalised_base_url",
    "of_signal",
    "rfc3339",
    "stack_owner",
]
