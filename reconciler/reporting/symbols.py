"""The signs and tones by which a reader tells kinds of lines apart at a glance."""

from enum import StrEnum

from msgspec import Struct


class Tone(StrEnum):
    """A way to set text apart where there is colour; the values are styles of rich."""

    PLAIN = "none"
    HEADING = "bold"
    FAINT = "dim"
    GOOD = "green"
    CHANGE = "yellow"
    DANGER = "red"
    PERSON = "cyan"
    HELD = "magenta"
    ALARM = "bold red"


class Symbol(Struct, frozen=True):
    """One character in front of a line, its tone and its meaning."""

    mark: str
    tone: Tone
    meaning: str


DISCONNECT = Symbol("-", Tone.DANGER, "disconnect")
UPDATE = Symbol("~", Tone.CHANGE, "update preferences")
PENDING = Symbol("?", Tone.PERSON, "waiting for the person")
HELD = Symbol("!", Tone.HELD, "held")
UNDETERMINED = Symbol("*", Tone.CHANGE, "undetermined")
UNMANAGED = Symbol("=", Tone.FAINT, "left alone")
PLAN_SYMBOLS = (DISCONNECT, UPDATE, PENDING, HELD, UNDETERMINED)
"""The signs of a plan's entries, in the order of its legend."""

VERIFIED = Symbol("✓", Tone.GOOD, "verified")
ALREADY_ABSENT = Symbol("=", Tone.FAINT, "already done")
SKIPPED_STALE = Symbol("»", Tone.CHANGE, "skipped as stale")
FAILED = Symbol("✗", Tone.DANGER, "failed")
UNKNOWN = Symbol("?", Tone.ALARM, "unknown")
NOT_ATTEMPTED = Symbol("·", Tone.FAINT, "not attempted")
IN_DOUBT = Symbol("?", Tone.ALARM, "in doubt")
NEVER_BEGUN = Symbol("·", Tone.FAINT, "never begun")

ADDED = Symbol("+", Tone.CHANGE, "planned now, and not when the plan was made")
GONE = Symbol("-", Tone.HELD, "not planned any more")
