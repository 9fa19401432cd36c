"""The nouns cannot be changed, and their names are the API's and the manifests'."""

import pytest
from msgspec import Struct

from reconciler.domain import (
    CalendarUser,
    Connection,
    Declarations,
    DesiredState,
    DesiredUser,
    Diagnostic,
    Handover,
    Limits,
    ObservedState,
    Platform,
    Preferences,
    SourceLocation,
)

NOUNS = [
    CalendarUser("r", None, ()),
    Connection("google", connected=True),
    DesiredState({}, Declarations({})),
    DesiredUser("a", None, Handover.WAIT, None, None, None, SourceLocation("x")),
    Diagnostic(None, "m"),
    Limits(),
    ObservedState(()),
    Preferences(),
    SourceLocation("x"),
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_a_noun_is_frozen(noun: Struct) -> None:
    field = noun.__struct_fields__[0]
    with pytest.raises(AttributeError):
        setattr(noun, field, None)


def test_platforms_have_their_calendar_v1_names() -> None:
    assert [str(platform) for platform in Platform] == ["google", "microsoft"]


def test_a_handover_waits_or_does_not() -> None:
    assert [str(handover) for handover in Handover] == ["wait", "immediate"]
