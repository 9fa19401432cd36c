"""What is told of a set of preferences."""

import msgspec

from reconciler.domain import PREFERENCE_FIELDS, Preferences


def test_the_fields_are_those_of_the_api_in_its_order() -> None:
    assert PREFERENCE_FIELDS == (
        "record_non_host",
        "record_recurring",
        "record_external",
        "record_internal",
        "record_confirmed",
        "record_only_host",
        "bot_name",
    )


def test_what_is_absent_is_not_told_and_null_is() -> None:
    preferences = Preferences(bot_name=None, record_external=False)
    assert list(preferences.present().items()) == [("record_external", False), ("bot_name", None)]
    assert Preferences().present() == {}


def test_absent_and_null_are_different() -> None:
    assert Preferences() != Preferences(bot_name=None)


def test_absent_fields_survive_a_round_trip_as_absent() -> None:
    preferences = Preferences(bot_name=None, record_internal=True)
    written = msgspec.json.encode(preferences)
    assert written == b'{"record_internal":true,"bot_name":null}'
    assert msgspec.json.decode(written, type=Preferences) == preferences
