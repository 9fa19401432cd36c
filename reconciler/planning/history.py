"""What earlier acting runs left behind, as plain data, for the guards that remember."""

from msgspec import Struct


class History(Struct, frozen=True):
    """The memory that guards may judge by. Empty: no guard of this version remembers."""
