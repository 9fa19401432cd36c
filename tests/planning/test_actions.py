"""What is planned for whom, with exactly which preconditions."""

from msgspec import structs

from reconciler.domain import Handover, Preferences
from reconciler.planning import (
    ActionReason,
    HeldAction,
    Hold,
    Notice,
    NoticeCode,
    Pending,
    PendingReason,
)
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    connected,
    content_of,
    declared,
    disconnect,
    fleet,
    manifest,
    seen,
    update,
    vacant,
)


def test_each_user_loses_exactly_the_platform_that_is_not_wanted_of_that_user() -> None:
    content = content_of(
        manifest(declared("bob", [MICROSOFT]), declared("alice", [GOOGLE])),
        fleet(
            seen("bob", connected("google", "bg"), connected("microsoft", "bm")),
            seen("alice", connected("google", "ag"), connected("microsoft", "am", "a@x.com")),
        ),
    )
    assert content.actions == (
        disconnect("alice", MICROSOFT, account="am", email="a@x.com", requires=[GOOGLE]),
        disconnect("bob", GOOGLE, account="bg", requires=[MICROSOFT]),
    )


def test_a_leaver_loses_everything_and_the_neighbour_nothing() -> None:
    content = content_of(
        manifest(declared("dave", [], reason="left (HR-1)"), declared("erin", [GOOGLE])),
        fleet(
            seen("dave", connected("microsoft", "dm"), connected("google", "dg")),
            seen("erin", connected("google"), vacant("microsoft")),
        ),
    )
    terms = {"reason": ActionReason.NOTHING_WANTED, "note": "left (HR-1)"}
    assert content.actions == (
        disconnect("dave", GOOGLE, account="dg", **terms),  # type: ignore[arg-type]
        disconnect("dave", MICROSOFT, account="dm", **terms),  # type: ignore[arg-type]
    )
    assert content.fleet.converged == 1


def test_a_move_waits_until_the_new_platform_is_connected() -> None:
    content = content_of(
        manifest(declared("moved", [MICROSOFT]), declared("moving", [MICROSOFT])),
        fleet(
            seen("moved", connected("google"), connected("microsoft")),
            seen("moving", connected("google"), vacant("microsoft")),
        ),
    )
    assert content.actions == (disconnect("moved", GOOGLE, requires=[MICROSOFT]),)
    assert content.blocked == (
        HeldAction(disconnect("moving", GOOGLE, requires=[MICROSOFT]), (Hold.HANDOVER,)),
    )
    assert content.pending == (Pending("moving", MICROSOFT, PendingReason.NOT_CONNECTED),)


def test_an_immediate_handover_does_not_wait_and_still_asks_the_person_to_connect() -> None:
    content = content_of(
        manifest(
            declared("now", [MICROSOFT], handover=Handover.IMMEDIATE),
            declared("later", [MICROSOFT]),
        ),
        fleet(seen("now", connected("google")), seen("later", connected("google"))),
    )
    assert content.actions == (disconnect("now", GOOGLE, reason=ActionReason.HANDOVER_IMMEDIATE),)
    assert content.pending == (
        Pending("later", MICROSOFT, PendingReason.NOT_CONNECTED),
        Pending("now", MICROSOFT, PendingReason.NOT_CONNECTED),
    )


def test_an_immediate_handover_that_is_complete_is_an_ordinary_unwanted_platform() -> None:
    content = content_of(
        manifest(
            declared("a", [MICROSOFT], handover=Handover.IMMEDIATE), declared("b", [MICROSOFT])
        ),
        fleet(
            seen("a", connected("google"), connected("microsoft")),
            seen("b", connected("google"), connected("microsoft")),
        ),
    )
    assert content.actions == (
        disconnect("a", GOOGLE),
        disconnect("b", GOOGLE, requires=[MICROSOFT]),
    )


def test_connections_of_a_user_without_platforms_are_not_managed() -> None:
    content = content_of(
        manifest(declared("unmanaged"), declared("leaver", [], reason="left")),
        fleet(seen("unmanaged", connected("google")), seen("leaver", connected("google"))),
    )
    assert [action.key for action in content.actions] == ["disconnect google of leaver"]


def test_a_platform_nobody_knows_is_never_disconnected() -> None:
    content = content_of(
        manifest(declared("a", []), declared("b", [GOOGLE])),
        fleet(
            seen("a", connected("zoom"), connected("google")),
            seen("b", connected("google"), connected("google_calendar")),
        ),
    )
    assert content.actions == (disconnect("a", GOOGLE, reason=ActionReason.NOTHING_WANTED),)


def test_a_null_connection_id_is_planned_as_null() -> None:
    content = content_of(
        manifest(declared("a", []), declared("b", [])),
        fleet(seen("a", connected("google", None)), seen("b", connected("google", "bg"))),
    )
    assert [(a.user, a.connection_id) for a in content.disconnects] == [("a", None), ("b", "bg")]


def test_a_row_that_says_not_connected_means_the_same_as_no_row() -> None:
    desired = manifest(declared("a", []), declared("b", [GOOGLE]))
    with_rows = content_of(
        desired, fleet(seen("a", vacant("google"), vacant("microsoft")), seen("b"))
    )
    without_rows = content_of(
        desired, fleet(seen("a"), seen("b", vacant("microsoft"), vacant("google")))
    )
    assert structs.replace(without_rows, notices=()) == structs.replace(with_rows, notices=())
    for content, user in ((with_rows, "b"), (without_rows, "a")):
        assert content.notices == (Notice(NoticeCode.CONNECTIONS_EMPTY, "connections", (user,)),)


def test_only_the_declared_preferences_that_differ_are_set() -> None:
    content = content_of(
        manifest(
            declared("a", preferences=Preferences(record_external=True, bot_name="Notetaker")),
            declared("b", preferences=Preferences(record_external=True)),
            declared("c", preferences=Preferences(record_internal=False)),
        ),
        fleet(
            seen("a", preferences=Preferences(record_external=False, bot_name="Notetaker")),
            seen("b", preferences=Preferences(record_external=True, record_internal=True)),
            seen("c", preferences=Preferences(record_external=True, record_internal=True)),
        ),
    )
    assert content.updates == (
        update("a", Preferences(record_external=True), Preferences(record_external=False)),
        update("c", Preferences(record_internal=False), Preferences(record_internal=True)),
    )
    assert content.fleet.converged == 1


def test_a_preference_the_api_does_not_tell_is_seen_as_null() -> None:
    content = content_of(
        manifest(
            declared("absent", preferences=Preferences(bot_name="N")),
            declared("none", preferences=Preferences(bot_name="N")),
        ),
        fleet(seen("absent", preferences=Preferences(record_external=True)), seen("none")),
    )
    assert content.actions == (
        update("absent", Preferences(bot_name="N"), Preferences(bot_name=None)),
        update("none", Preferences(bot_name="N"), None),
    )


def test_a_users_disconnects_come_before_the_preferences() -> None:
    wanted = Preferences(record_external=False)
    content = content_of(
        manifest(
            declared("b", [GOOGLE], preferences=wanted, reason="audit"),
            declared("a", preferences=wanted),
        ),
        fleet(seen("b", connected("google"), connected("microsoft")), seen("a")),
    )
    assert content.actions == (
        update("a", wanted, None),
        disconnect("b", MICROSOFT, requires=[GOOGLE], note="audit"),
        update("b", wanted, None, note="audit"),
    )


def test_a_fleet_as_declared_has_nothing_to_do() -> None:
    wanted = Preferences(bot_name="N")
    content = content_of(
        manifest(
            declared("a", []),
            declared("b", [GOOGLE, MICROSOFT], preferences=wanted),
            declared("c", [GOOGLE], handover=Handover.IMMEDIATE),
        ),
        fleet(
            seen("a", vacant("google")),
            seen("b", connected("microsoft"), connected("google"), preferences=wanted),
            seen("c", connected("google"), vacant("microsoft")),
        ),
    )
    assert (content.actions, content.pending, content.blocked) == ((), (), ())
    assert content.fleet.converged == 3


def test_every_action_names_its_own_workspace_and_user() -> None:
    content = content_of(
        manifest(declared("a", []), declared("b", preferences=Preferences(bot_name="N"))),
        fleet(seen("a", connected("google")), seen("b")),
    )
    assert [(a.workspace, a.user, a.recall_id, a.key) for a in content.actions] == [
        ("prod", "a", "r-a", "disconnect google of a"),
        ("prod", "b", "r-b", "update preferences of b"),
    ]
