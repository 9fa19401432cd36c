"""What is connected and left alone."""

from datetime import UTC, datetime

from reconciler.domain import (
    Declarations,
    Handover,
    Preferences,
    Rule,
    RuleMatch,
    RuleMode,
    SourceLocation,
)
from reconciler.planning import Unmanaged, UnmanagedReason, desired_state
from tests.planning.fleets import (
    GOOGLE,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
    vacant,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_a_user_no_manifest_names_is_spared_and_has_no_action() -> None:
    content = content_of(
        manifest(declared("a", [])),
        fleet(seen("z", connected("microsoft"), connected("google")), seen("m", vacant("google"))),
    )
    assert content.actions == ()
    assert content.unmanaged == (
        Unmanaged("m", "r-m", (), UnmanagedReason.UNMANAGED_USER),
        Unmanaged("z", "r-z", ("google", "microsoft"), UnmanagedReason.UNMANAGED_USER),
    )


def test_a_user_without_external_id_is_spared_even_where_everybody_leaves() -> None:
    content = content_of(
        manifest(declared("a", []), declared("None", [])),
        fleet(seen(None, connected("google"), recall_id="r1"), seen("a")),
    )
    assert content.actions == ()
    assert content.unmanaged == (
        Unmanaged(None, "r1", ("google",), UnmanagedReason.NO_EXTERNAL_ID),
    )


def test_unmanaged_connections_of_a_declared_user_are_spared() -> None:
    content = content_of(
        manifest(declared("a"), declared("b"), declared("c", [GOOGLE])),
        fleet(seen("a", connected("google"), connected("zoom")), seen("b", vacant("google"))),
    )
    assert content.unmanaged == (
        Unmanaged("a", "r-a", ("google", "zoom"), UnmanagedReason.UNMANAGED_CONNECTIONS),
    )


def test_an_unknown_platform_of_a_managed_user_is_not_spared() -> None:
    content = content_of(
        manifest(declared("a", [GOOGLE]), declared("b", [GOOGLE])),
        fleet(
            seen("a", connected("google"), connected("zoom"), vacant("webex")),
            seen("b", connected("google")),
        ),
    )
    assert content.unmanaged == ()
    assert [blocked.action.user for blocked in content.blocked] == ["a"]


def test_rows_that_share_every_id_have_one_order() -> None:
    rows = seen("z", connected("google")), seen("z", connected("microsoft")), seen("z")
    desired = manifest(declared("a"))
    listed = content_of(desired, fleet(*rows)).unmanaged
    assert content_of(desired, fleet(*reversed(rows))).unmanaged == listed
    assert [entry.platforms for entry in listed] == [(), ("google",), ("microsoft",)]


def test_who_is_connected_and_in_no_manifest_is_undeclared() -> None:
    content = content_of(
        manifest(declared("a"), declared("b", [GOOGLE])),
        fleet(
            seen("a", connected("google")),
            seen("b", connected("google"), connected("zoom")),
            seen("m", vacant("google")),
            seen("y", connected("zoom")),
            seen("z", connected("microsoft"), connected("google")),
            seen(None, connected("google"), recall_id="r1"),
            seen(None, recall_id="r2"),
        ),
    )
    assert content.undeclared == (
        Unmanaged(None, "r1", ("google",), UnmanagedReason.NO_EXTERNAL_ID),
        Unmanaged("y", "r-y", ("zoom",), UnmanagedReason.UNMANAGED_USER),
        Unmanaged("z", "r-z", ("google", "microsoft"), UnmanagedReason.UNMANAGED_USER),
    )


def test_a_rule_that_sets_preferences_alone_declares_nobody_s_connections() -> None:
    here = SourceLocation("rules.yaml", 1, 1)
    names = Preferences(bot_name="N")
    everybody = Rule(
        "names",
        RuleMatch(id="*"),
        (),
        None,
        Handover.WAIT,
        names,
        None,
        RuleMode.ENFORCE,
        None,
        here,
    )
    entries = {"a": declared("a")}
    listed = fleet(seen("a", connected("google")), seen("z", connected("google")))
    desired = desired_state(Declarations(entries, rules=(everybody,)), listed, NOW)
    assert [user.preferences for user in desired.users.values()] == [names, names]
    assert content_of(desired, listed).unmanaged == (
        Unmanaged("a", "r-a", ("google",), UnmanagedReason.UNMANAGED_CONNECTIONS),
        Unmanaged("z", "r-z", ("google",), UnmanagedReason.UNMANAGED_USER),
    )
