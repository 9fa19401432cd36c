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


class Sign(Struct, frozen=True):
    """One character in front of a line, its tone, and what it stands for."""

    mark: str
    tone: Tone
    meaning: str


DISCONNECT = Sign("-", Tone.DANGER, "disconnect")
UPDATE = Sign("~", Tone.CHANGE, "update preferences")
PENDING = Sign("?", Tone.PERSON, "waiting for the person")
HELD = Sign("!", Tone.HELD, "held")
UNDETERMINED = Sign("*", Tone.CHANGE, "undetermined")
SPARED = Sign("=", Tone.FAINT, "left alone")
PLAN_SIGNS = (DISCONNECT, UPDATE, PENDING, HELD, UNDETERMINED)
"""The signs of a plan's entries, in the order of its legend."""

VERIFIED = Sign("✓", Tone.GOOD, "verified")
ALREADY_ABSENT = Sign("=", Tone.FAINT, "already done")
SKIPPED_STALE = Sign("»", Tone.CHANGE, "skipped as stale")
FAILED = Sign("✗", Tone.DANGER, "failed")
UNKNOWN = Sign("?", Tone.ALARM, "unknown")
NOT_ATTEMPTED = Sign("·", Tone.FAINT, "not attempted")
IN_DOUBT = Sign("?", Tone.ALARM, "in doubt")
NEVER_BEGUN = Sign("·", Tone.FAINT, "never begun")

ADDED = Sign("+", Tone.CHANGE, "planned now, and not when the plan was made")
GONE = Sign("-", Tone.HELD, "not planned any more")
