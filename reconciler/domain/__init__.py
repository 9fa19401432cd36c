"""The nouns every other room speaks in. Frozen, without I/O, without a clock.

Imports nothing of ours, so that anyone may import it.
"""

from reconciler.domain.address import ip_address, is_loopback
from reconciler.domain.api_key import KeyFault, key_fault
from reconciler.domain.clock import Clock
from reconciler.domain.count import Count
from reconciler.domain.desired import DesiredState, DesiredUser, Handover, ManifestFile
from reconciler.domain.diagnostic import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.ledger_place import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.domain.limits import Limits
from reconciler.domain.observed import CalendarUser, Connection, ObservedState
from reconciler.domain.owner import COMMAND_LINE, stack_owner
from reconciler.domain.platform import PLATFORM_NAMES, Platform
from reconciler.domain.preferences import PREFERENCE_FIELDS, Preferences
from reconciler.domain.secret import REDACTED, Secret
from reconciler.domain.unknown_email import UnknownEmail

__all__ = [
    "COMMAND_LINE",
    "PLATFORM_NAMES",
    "PREFERENCE_FIELDS",
    "REDACTED",
    "CalendarUser",
    "Clock",
    "Connection",
    "Count",
    "DesiredState",
    "DesiredUser",
    "Diagnostic",
    "Handover",
    "InvalidInput",
    "KeyFault",
    "LedgerPlace",
    "Limits",
    "ManifestFile",
    "ObservedState",
    "Platform",
    "PostgresqlDatabase",
    "Preferences",
    "Secret",
    "SourceLocation",
    "SqliteFile",
    "UnknownEmail",
    "ip_address",
    "is_loopback",
    "key_fault",
    "stack_owner",
]
