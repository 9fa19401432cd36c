"""The nouns every other room speaks in. Frozen, without I/O, without a clock.

Imports nothing of ours, so that anyone may import it.
"""

from reconciler.domain.count import Count
from reconciler.domain.diagnostic import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.exits import Exit, of_signal
from reconciler.domain.secrets import REDACTED, KeyFault, Secret, key_fault
from reconciler.domain.settings import (
    COMMAND_LINE,
    LedgerPlace,
    Limits,
    PostgresqlDatabase,
    SqliteFile,
    UnknownEmail,
    ip_address,
    is_loopback,
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
    "Secret",
    "SourceLocation",
    "SqliteFile",
    "SystemClock",
    "UnknownEmail",
    "ip_address",
    "is_loopback",
    "key_fault",
    "of_signal",
    "rfc3339",
    "stack_owner",
]
