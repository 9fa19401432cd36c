"""Whether an action may still be done to the users as they are now."""

from reconciler.domain import CalendarUser, Connection, Preferences, UnknownEmail
from reconciler.planning import (
    Action,
    PreconditionResult,
    Protection,
    check_listed_preconditions,
    check_preconditions,
    effect_shows,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    disconnect,
    seen,
    update,
    vacant,
)

NOBODY = Protection(())
MOVE = disconnect("alice", GOOGLE, account="g", requires=[MICROSOFT])
LEAVE = disconnect("bob", GOOGLE, account="g")
SET = update(
    "carol",
    Preferences(record_external=True, bot_name="N"),
    Preferences(record_external=False, bot_name=None),
)
WANTED = Preferences(record_external=True, bot_name="N")
SET_FIRST = update("carol", Preferences(bot_name="N"), None)


def standings(action: Action, *users: CalendarUser) -> list[PreconditionResult]:
    return [check_preconditions(action, user, NOBODY) for user in users]


def test_an_action_is_ready_while_the_world_is_as_it_was_seen() -> None:
    google, microsoft = connected("google", "g"), connected("microsoft", "m")
    assert (
        check_preconditions(MOVE, seen("alice", google, microsoft), NOBODY)
        is PreconditionResult.READY
    )
    assert check_preconditions(LEAVE, seen("bob", google), NOBODY) is PreconditionResult.READY
    assert (
        check_preconditions(SET, seen("carol", preferences=SET.seen), NOBODY)
        is PreconditionResult.READY
    )
    assert check_preconditions(SET_FIRST, seen("carol"), NOBODY) is PreconditionResult.READY


def test_what_is_gone_already_is_done() -> None:
    assert (
        standings(
            LEAVE,
            seen("bob"),
            seen("bob", vacant("google")),
            seen("bob", Connection("google", connected=False, email="e", id="g")),
            seen("bob", connected("microsoft")),
        )
        == [PreconditionResult.DONE] * 4
    )


def test_preferences_that_are_set_already_are_done() -> None:
    now = Preferences(record_external=True, bot_name="N", record_internal=True)
    assert (
        check_preconditions(SET, seen("carol", preferences=now), NOBODY) is PreconditionResult.DONE
    )


def test_another_recall_id_or_external_id_is_another_user() -> None:
    google = connected("google", "g")
    assert (
        standings(
            LEAVE,
            seen("bob", google, recall_id="new"),
            seen("Bob", google, recall_id="r-bob"),
            seen(None, google, recall_id="r-bob"),
            seen("bob", recall_id="new"),
        )
        == [PreconditionResult.USER_REPLACED] * 4
    )


def test_another_connection_id_is_a_changed_connection() -> None:
    assert (
        standings(
            LEAVE, seen("bob", connected("google", "g2")), seen("bob", connected("google", None))
        )
        == [PreconditionResult.CONNECTION_CHANGED] * 2
    )


def test_a_null_connection_id_matches_only_null() -> None:
    action = disconnect("bob", GOOGLE, account=None)
    assert standings(
        action, seen("bob", connected("google", None)), seen("bob", connected("google", "g"))
    ) == [PreconditionResult.READY, PreconditionResult.CONNECTION_CHANGED]


def test_two_calendars_of_the_platform_are_ambiguous_though_one_is_ours() -> None:
    rows = connected("google", "g"), connected("google", "g2")
    assert (
        standings(LEAVE, seen("bob", *rows), seen("bob", *reversed(rows)))
        == [PreconditionResult.AMBIGUOUS_IDENTITY] * 2
    )


def test_nobody_is_cut_off_when_the_wanted_platform_went_away() -> None:
    google = connected("google", "g")
    assert (
        standings(MOVE, seen("alice", google), seen("alice", google, vacant("microsoft")))
        == [PreconditionResult.WANTED_NOT_CONNECTED] * 2
    )


def test_every_required_platform_must_be_connected() -> None:
    action = disconnect("a", GOOGLE, requires=[GOOGLE, MICROSOFT])
    google, microsoft = connected("google"), connected("microsoft")
    assert standings(action, seen("a", google), seen("a", google, microsoft)) == [
        PreconditionResult.WANTED_NOT_CONNECTED,
        PreconditionResult.READY,
    ]


def test_preferences_that_moved_make_an_update_stale() -> None:
    assert (
        standings(
            SET,
            seen("carol", preferences=Preferences(record_external=True)),
            seen("carol", preferences=Preferences(record_external=False, bot_name="Other")),
            seen("carol"),
        )
        == [PreconditionResult.PREFERENCES_CHANGED] * 3
    )
    assert standings(SET_FIRST, seen("carol", preferences=Preferences(bot_name=None))) == [
        PreconditionResult.PREFERENCES_CHANGED
    ]


def test_preferences_that_are_not_declared_may_move() -> None:
    now = Preferences(record_external=False, bot_name=None, record_internal=True)
    assert (
        check_preconditions(SET, seen("carol", preferences=now), NOBODY) is PreconditionResult.READY
    )


def test_somebody_protected_since_is_not_touched() -> None:
    protection = Protection(("boss@x.com", "carol"))
    user = seen(
        "bob", connected("google", "g"), Connection("zoom", connected=True, email="BOSS@x.com")
    )
    assert check_preconditions(LEAVE, user, protection) is PreconditionResult.PROTECTED
    assert (
        check_preconditions(SET, seen("carol", preferences=SET.seen), protection)
        is PreconditionResult.PROTECTED
    )
    clerk = seen("bob", connected("google", "g", email="clerk@x.com"))
    assert check_preconditions(LEAVE, clerk, protection) is PreconditionResult.READY


def test_somebody_whose_email_is_no_longer_told_is_not_touched() -> None:
    protection = Protection(("*@board.example.com",))
    shown = seen("bob", connected("google", "g", email="bob@x.com"))
    untold = seen("bob", connected("google", "g"))
    assert check_preconditions(LEAVE, shown, protection) is PreconditionResult.READY
    assert check_preconditions(LEAVE, untold, protection) is PreconditionResult.EMAIL_NOT_KNOWN
    assert (
        check_listed_preconditions(LEAVE, (untold,), protection)
        is PreconditionResult.EMAIL_NOT_KNOWN
    )
    ignoring = Protection(protection.patterns, UnknownEmail.IGNORE)
    assert check_preconditions(LEAVE, untold, ignoring) is PreconditionResult.READY


def test_preferences_of_somebody_whose_email_is_not_known_are_not_set() -> None:
    protection = Protection(("boss@x.com",))
    other = connected("microsoft")
    now, done = seen("carol", other, preferences=SET.seen), seen("carol", other, preferences=WANTED)
    assert check_preconditions(SET, now, protection) is PreconditionResult.EMAIL_NOT_KNOWN
    assert check_preconditions(SET, done, protection) is PreconditionResult.DONE


def test_protection_comes_before_other_staleness_and_after_what_is_done() -> None:
    protection = Protection(("bob",))
    assert (
        check_preconditions(LEAVE, seen("bob", connected("google", "g2")), protection)
        is PreconditionResult.PROTECTED
    )
    assert check_preconditions(LEAVE, seen("bob"), protection) is PreconditionResult.DONE


def test_a_list_that_does_not_show_the_user_says_that_the_user_is_gone() -> None:
    assert check_listed_preconditions(LEAVE, (), NOBODY) is PreconditionResult.USER_GONE


def test_a_list_that_shows_two_users_for_the_id_is_ambiguous() -> None:
    rows = seen("bob", connected("google", "g")), seen("bob", recall_id="other")
    assert check_listed_preconditions(LEAVE, rows, NOBODY) is PreconditionResult.AMBIGUOUS_IDENTITY


def test_a_list_with_the_one_user_is_judged_like_a_re_read() -> None:
    rows = (seen("bob", connected("google", "g")),)
    assert check_listed_preconditions(LEAVE, rows, NOBODY) is PreconditionResult.READY
    assert (
        check_listed_preconditions(LEAVE, rows, Protection(("bob",)))
        is PreconditionResult.PROTECTED
    )


def test_a_disconnect_shows_once_our_connection_is_gone() -> None:
    users = {
        "nothing": seen("bob"),
        "not connected": seen("bob", vacant("google")),
        "reconnected": seen("bob", connected("google", "g2")),
        "other platform": seen("bob", connected("microsoft", "g")),
        "still ours": seen("bob", connected("google", "g")),
        "ours among others": seen("bob", connected("google", "g2"), connected("google", "g")),
        "perhaps ours": seen("bob", connected("google", None)),
        "another user": seen("bob", recall_id="new"),
    }
    assert [name for name, user in users.items() if effect_shows(LEAVE, user)] == [
        "nothing",
        "not connected",
        "reconnected",
        "other platform",
    ]


def test_ours_under_a_name_that_is_not_known_does_not_show_as_gone() -> None:
    assert not effect_shows(LEAVE, seen("bob", connected("Google", "g")))
    assert not effect_shows(LEAVE, seen("bob", connected("zoom", None)))
    assert effect_shows(LEAVE, seen("bob", connected("zoom", "z")))
    assert effect_shows(LEAVE, seen("bob", vacant("Google")))


def test_ours_under_a_name_that_is_not_known_is_not_done_already() -> None:
    assert standings(
        LEAVE,
        seen("bob", connected("Google", "g")),
        seen("bob", connected("zoom", None)),
        seen("bob", connected("zoom", "z")),
    ) == [
        PreconditionResult.UNKNOWN_PLATFORM,
        PreconditionResult.UNKNOWN_PLATFORM,
        PreconditionResult.DONE,
    ]


def test_a_platform_that_is_not_known_keeps_nothing_back_beside_ours() -> None:
    user = seen("bob", connected("google", "g"), connected("zoom", None))
    assert check_preconditions(LEAVE, user, NOBODY) is PreconditionResult.READY


def test_without_our_connection_id_anything_connected_is_taken_for_ours() -> None:
    action = disconnect("bob", GOOGLE, account=None)
    assert not effect_shows(action, seen("bob", connected("google", "g2")))
    assert effect_shows(action, seen("bob"))


def test_an_update_shows_once_the_declared_values_are_read() -> None:
    assert effect_shows(SET, seen("carol", preferences=SET.preferences))
    assert not effect_shows(SET, seen("carol", preferences=SET.seen))
    assert not effect_shows(SET, seen("carol"))
    assert not effect_shows(SET, seen("carol", recall_id="new", preferences=SET.preferences))
