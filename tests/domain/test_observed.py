"""What a calendar user has connected, and what is known of a fleet."""

from reconciler.domain import CalendarUser, Connection, ObservedState, Platform

OFF = Connection("google", connected=False)
ON = Connection("google", connected=True, email="a@x.com", id="1")
OTHER = Connection("google", connected=True, email="b@x.com", id="2")


def test_a_connected_row_is_found_by_its_platform() -> None:
    user = CalendarUser("r", "a", (OFF, ON))
    assert user.connected("google") is ON
    assert user.connected(Platform.GOOGLE) is ON


def test_the_first_of_two_connected_rows_is_found() -> None:
    assert CalendarUser("r", "a", (OTHER, ON)).connected("google") is OTHER


def test_no_row_and_a_row_that_is_not_connected_are_both_nothing() -> None:
    assert CalendarUser("r", "a", ()).connected("google") is None
    assert CalendarUser("r", "a", (OFF,)).connected("google") is None
    assert CalendarUser("r", "a", (ON,)).connected("microsoft") is None


def test_an_observation_is_complete_where_nothing_went_wrong() -> None:
    assert ObservedState(()).complete
    assert not ObservedState((), ("page 2: timeout",)).complete
