"""The calendar platforms that a manifest may name."""

from enum import StrEnum


class Platform(StrEnum):
    """A calendar platform by its Calendar V1 name.

    V2 names (``google_calendar``, ``microsoft_outlook``) are not V1 names, and the API may one
    day list platforms that are not here: those are reported and never touched.
    """

    GOOGLE = "google"
    MICROSOFT = "microsoft"


PLATFORM_NAMES = frozenset(platform.value for platform in Platform)
"""The platforms that are known, by the text in which the API lists them."""
