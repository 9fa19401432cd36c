"""Reads `from` and `until` into a window of time.

A date is a day of the workspace's time zone: it begins with that day, and ends with it. A time has
its own offset.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from reconciler.domain import Window

BEGIN: Final = "from"
END: Final = "until"

_DATE: Final = len("2026-12-31")
# What HR systems write for "never".
_FOR_EVER: Final = "9999-"


class NoMoment(ValueError):
    """A text that no date or time is. Says what is wrong with it, after the name of the field."""


def has_dates(fields: Mapping[str, object]) -> bool:
    """Whether a part of a manifest has dates."""
    return BEGIN in fields or END in fields


def window_of(begin: str | None, end: str | None, zone: tzinfo) -> Window:
    """The window of a `from` and an `until` that follow the schema.

    Raises :class:`NoMoment`, also for a window that ends before it begins.
    """
    window = Window(
        None if begin is None else _moment(BEGIN, begin, zone, days=0),
        None if end is None else _moment(END, end, zone, days=1),
    )
    if window.empty:
        raise NoMoment(f"`{END}` {end} is before `{BEGIN}` {begin}")
    return window


def _moment(name: str, text: str, zone: tzinfo, *, days: int) -> datetime | None:
    """``text`` as a moment in UTC; for a date, the start of the day that is ``days`` later."""
    try:
        if len(text) == _DATE:
            day = date.fromisoformat(text) + timedelta(days=days)
            # Where the day begins with a gap, this is the moment of the gap.
            return datetime.combine(day, time(), zone).astimezone(UTC)
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        if name == END and text.startswith(_FOR_EVER):
            return None
        raise NoMoment(f"`{name}` {text} is in no calendar") from None
    except ValueError:
        raise NoMoment(f"`{name}` {text} is in no calendar") from None
