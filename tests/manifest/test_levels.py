"""User over group over defaults, and which reason counts."""

import pytest

from reconciler.domain import DesiredUser, Handover, Platform, Preferences, SourceLocation
from tests.manifest.folder import HEAD, Folder

GOOGLE = frozenset({Platform.GOOGLE})
MICROSOFT = frozenset({Platform.MICROSOFT})


def one(folder: Folder, body: str) -> DesiredUser:
    (user,) = folder.load_text(HEAD + body).users.values()
    return user


def test_a_user_declares_everything_itself(folder: Folder) -> None:
    user = one(
        folder,
        "users:\n"
        "  - id: alice@example.com\n"
        "    platforms: [microsoft, google]\n"
        "    handover: immediate\n"
        "    reason: both are hers\n"
        "    preferences: {record_external: true, bot_name: Notetaker}\n",
    )
    assert user == DesiredUser(
        "alice@example.com",
        frozenset(Platform),
        Handover.IMMEDIATE,
        "both are hers",
        Preferences(record_external=True, bot_name="Notetaker"),
        None,
        SourceLocation("m.yaml", 3, 5),
    )


def test_a_user_without_platforms_anywhere_has_unmanaged_connections(folder: Folder) -> None:
    user = one(folder, "users: [{id: a}]\n")
    assert (user.platforms, user.handover, user.reason) == (None, Handover.WAIT, None)
    assert user.preferences is None


def test_defaults_hold_where_the_user_says_nothing(folder: Folder) -> None:
    user = one(
        folder,
        "defaults: {platforms: [google], handover: immediate, reason: d}\nusers: [{id: a}]\n",
    )
    assert (user.platforms, user.handover, user.reason) == (GOOGLE, Handover.IMMEDIATE, "d")


def test_a_group_stands_over_the_defaults_and_under_the_user(folder: Folder) -> None:
    users = folder.load_text(
        HEAD + "defaults: {platforms: [google], handover: wait}\n"
        "groups: {g: {platforms: [microsoft], handover: immediate}}\n"
        "users: [{id: a, group: g}, {id: b, group: g, platforms: [google], handover: wait}]\n"
    ).users
    assert (users["a"].platforms, users["a"].handover) == (MICROSOFT, Handover.IMMEDIATE)
    assert (users["b"].platforms, users["b"].handover) == (GOOGLE, Handover.WAIT)
    assert users["a"].group == "g"


def test_a_list_is_taken_as_a_whole(folder: Folder) -> None:
    user = one(
        folder, "defaults: {platforms: [google]}\nusers: [{id: a, platforms: [microsoft]}]\n"
    )
    assert user.platforms == MICROSOFT


def test_preferences_are_inherited_field_by_field(folder: Folder) -> None:
    user = one(
        folder,
        "defaults: {preferences: {record_external: true, record_internal: true, bot_name: D}}\n"
        "groups: {g: {preferences: {record_internal: false, bot_name: G}}}\n"
        "users: [{id: a, group: g, preferences: {bot_name: U}}]\n",
    )
    assert user.preferences == Preferences(
        record_external=True, record_internal=False, bot_name="U"
    )


def test_empty_preferences_declare_nothing(folder: Folder) -> None:
    assert one(folder, "users: [{id: a, preferences: {}}]\n").preferences is None


def test_defaults_hold_for_their_own_document_only(folder: Folder) -> None:
    users = folder.load_text(
        HEAD
        + "defaults: {platforms: [google]}\nusers: [{id: a}]\n---\n"
        + HEAD
        + "users: [{id: b}]\n"
    ).users
    assert users["a"].platforms == GOOGLE
    assert users["b"].platforms is None


def test_a_group_of_another_document_brings_none_of_its_defaults(folder: Folder) -> None:
    folder.write("g.yaml", HEAD + "defaults: {platforms: [google]}\ngroups: {g: {reason: r}}\n")
    folder.write("u.yaml", HEAD + "defaults: {handover: immediate}\nusers: [{id: a, group: g}]\n")
    user = folder.load().users["a"]
    assert (user.platforms, user.handover) == (None, Handover.IMMEDIATE)


def test_users_are_ordered_by_id_and_groups_are_reported(folder: Folder) -> None:
    state = folder.load_text(HEAD + "groups: {g: {}, h: {}}\nusers: [{id: c}, {id: A}, {id: b}]\n")
    assert list(state.users) == ["A", "b", "c"]
    assert state.groups == {"g", "h"}


def test_equal_values_are_one_object(folder: Folder) -> None:
    users = folder.load_text(
        HEAD + "users:\n"
        "- {id: a, platforms: [google], preferences: {bot_name: N}}\n"
        "- {id: b, platforms: [google], preferences: {bot_name: N}}\n"
    ).users
    assert users["a"].platforms is users["b"].platforms
    assert users["a"].preferences is users["b"].preferences


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("users: [{id: a, platforms: [], reason: u}]", "u"),
        ("groups: {g: {platforms: [], reason: g}}\nusers: [{id: a, group: g}]", "g"),
        ("groups: {g: {platforms: [], reason: g}}\nusers: [{id: a, group: g, reason: u}]", "u"),
        ("groups: {g: {platforms: []}}\nusers: [{id: a, group: g, reason: u}]", "u"),
        (
            "defaults: {platforms: []}\ngroups: {g: {reason: g}}\nusers: [{id: a, group: g}]",
            "g",
        ),
        ("defaults: {platforms: [], reason: d}\nusers: [{id: a}]", "d"),
    ],
)
def test_a_reason_counts_from_the_level_that_sets_platforms_or_a_nearer_one(
    folder: Folder, body: str, reason: str
) -> None:
    assert one(folder, body).reason == reason


@pytest.mark.parametrize(
    "body",
    [
        (
            "defaults: {reason: d}\ngroups: {g: {reason: g}}\nusers:\n"
            "- {id: a, group: g, platforms: []}"
        ),
        "defaults: {reason: d}\ngroups: {g: {platforms: []}}\nusers:\n- {id: a, group: g}",
        "defaults: {platforms: []}\ngroups: {g: {}}\nusers:\n- {id: a, group: g}",
    ],
)
def test_platforms_emptied_without_a_reason_that_counts_are_an_error_at_the_user(
    folder: Folder, body: str
) -> None:
    (error,) = folder.errors_of(HEAD + body)
    assert error.startswith("m.yaml:5:3: `a` has `platforms: []`")
    assert "and no `reason`" in error


def test_a_farther_reason_is_not_taken_over_with_platforms_of_ones_own(folder: Folder) -> None:
    user = one(folder, "defaults: {reason: d}\nusers: [{id: a, platforms: [google]}]\n")
    assert user.reason is None


def test_a_reason_loses_the_space_around_it(folder: Folder) -> None:
    assert one(folder, "users:\n- id: a\n  reason: |\n    left\n").reason == "left"


def test_a_reason_of_nothing_but_unusual_space_is_no_reason(folder: Folder) -> None:
    body = 'users: [{id: a, platforms: [], reason: "\\u00a0"}]'
    assert "no `reason`" in folder.errors_of(HEAD + body)[0]
    assert one(folder, 'users: [{id: a, reason: "\\u00a0"}]').reason is None


def test_a_manifest_may_declare_nothing(folder: Folder) -> None:
    assert folder.load_text(HEAD).users == {}
