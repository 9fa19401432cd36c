"""The same id twice, ids that look alike, groups that are unknown or defined twice."""

import pytest

from tests.manifest.folder import HEAD, Folder


def test_a_user_declared_twice_is_an_error_naming_both_places(folder: Folder) -> None:
    folder.write("a.yaml", HEAD + "users:\n- id: x@example.com\n")
    folder.write("b.yaml", HEAD + "users:\n- id: y\n- id: x@example.com\n")
    assert folder.errors() == [
        (
            "b.yaml:4:3: `x@example.com` is declared twice, first at a.yaml:3:3"
            " (keep one entry for each id)"
        )
    ]


def test_every_further_declaration_is_an_error(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "users: [{id: x}, {id: x}, {id: x}]")
    assert [error.split(" ")[0] for error in errors] == ["m.yaml:2:18:", "m.yaml:2:27:"]


def test_a_broken_declaration_between_two_sound_ones_is_an_error_too(folder: Folder) -> None:
    folder.write("a.yaml", HEAD + "users: [{id: x}]\n")
    folder.write("b.yaml", HEAD + "users: [{id: x, handover: never}, {id: x}]\n")
    errors = [error.split(" (")[0] for error in folder.errors()]
    assert len(errors) == 3
    assert [error for error in errors if "twice" in error] == [
        "b.yaml:2:9: `x` is declared twice, first at a.yaml:2:9",
        "b.yaml:2:35: `x` is declared twice, first at a.yaml:2:9",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a@example.com", "A@Example.com"),
        ("a@example.com", '" a@example.com"'),
        ("a@example.com", '"a@example.com\\u00a0"'),
        ("straße", "STRASSE"),
        ('"\\u00e9"', '"e\\u0301"'),
        ("ﬁn", "fin"),
    ],
)
def test_ids_that_only_a_machine_can_tell_apart_are_taken_and_named(
    folder: Folder, first: str, second: str
) -> None:
    state = folder.load_text(HEAD + f"users:\n- id: {second}\n- id: other\n- id: {first}\n")
    (alike,) = state.lookalikes
    assert [state.users[name].place.line for name in alike] == [3, 5]


def test_other_ids_are_not_named_as_looking_alike(folder: Folder) -> None:
    assert folder.load_text(HEAD + "users: [{id: a}, {id: b}]").lookalikes == ()


def test_ids_are_otherwise_compared_exactly(folder: Folder) -> None:
    state = folder.load_text(
        HEAD + 'users: [{id: a.b@example.com}, {id: ab@example.com}, {id: " c"}]'
    )
    assert list(state.users) == [" c", "a.b@example.com", "ab@example.com"]


def test_a_group_is_known_to_all_manifests(folder: Folder) -> None:
    folder.write("a.yaml", HEAD + "users: [{id: x, group: late}]")
    folder.write("b.yaml", HEAD + "groups: {late: {platforms: [google]}}")
    assert folder.load().users["x"].platforms


def test_a_group_defined_twice_is_an_error_naming_both_places(folder: Folder) -> None:
    folder.write("a.yaml", HEAD + "groups:\n  g: {}\n")
    folder.write("b.yaml", HEAD + "---\n" + HEAD + "groups:\n  h: {}\n  g: {}\n")
    assert folder.errors() == [
        (
            "b.yaml:6:3: the group `g` is defined twice, first at a.yaml:3:3"
            " (keep one of them; groups are known to all manifests of the workspace)"
        )
    ]


def test_an_unknown_group_is_an_error_at_every_user_with_a_near_miss(folder: Folder) -> None:
    errors = folder.errors_of(
        HEAD + "groups: {contractors: {}}\n"
        "users:\n- id: a\n  group: contracters\n- id: b\n  group: contracters\n"
    )
    assert errors == [
        (
            "m.yaml:5:10: the group `contracters` is defined in no manifest"
            " (did you mean `contractors`?)"
        ),
        (
            "m.yaml:7:10: the group `contracters` is defined in no manifest"
            " (did you mean `contractors`?)"
        ),
    ]


def test_an_unknown_group_that_looks_like_none_is_to_be_defined(folder: Folder) -> None:
    (error,) = folder.errors_of(HEAD + "users: [{id: a, group: zzz}]")
    assert error.endswith("(define it under `groups`)")


def test_a_group_may_stand_in_what_could_not_be_read(folder: Folder) -> None:
    folder.write("a.yaml", "groups: [")
    folder.write("b.yaml", HEAD + "users: [{id: a, group: g}]")
    (error,) = folder.errors()
    assert error.startswith("a.yaml:2:1: not YAML")


def test_the_missing_path_may_have_held_the_group(folder: Folder) -> None:
    folder.write("b.yaml", HEAD + "users: [{id: a, group: g}]")
    (error,) = folder.errors("missing.yaml", "b.yaml")
    assert error.startswith("missing.yaml: cannot be read")


class TestErrorsDoNotHideOthers:
    def test_an_id_of_a_broken_entry_still_counts_as_declared(self, folder: Folder) -> None:
        errors = folder.errors_of(
            HEAD + "users:\n- {id: a, reson: r}\n- {id: a}\n- {id: A}\n- {id: a, x: y}\n"
        )
        assert [error.split(" (")[0] for error in errors] == [
            "m.yaml:3:11: unknown field `reson`",
            "m.yaml:4:3: `a` is declared twice, first at m.yaml:3:3",
            "m.yaml:6:3: `a` is declared twice, first at m.yaml:3:3",
            "m.yaml:6:11: unknown field `x`",
        ]

    def test_a_broken_entry_without_a_usable_id_is_one_error(self, folder: Folder) -> None:
        errors = folder.errors_of(HEAD + 'users: [{id: ""}, {id: 3}, text, {id: z}]')
        assert [error.split(" (")[0] for error in errors] == [
            "m.yaml:2:14: `id` is empty",
            "m.yaml:2:24: `id` must be text, and YAML reads `3` as an integer",
            "m.yaml:2:28: an item of `users` must be a mapping, not `text`",
        ]

    def test_users_are_not_blamed_for_a_level_that_is_broken(self, folder: Folder) -> None:
        errors = folder.errors_of(
            HEAD + "defaults: {platforms: [], reason: 5}\ngroups:\n  g: {reasn: r}\n  h: {}\n"
            "users: [{id: a}, {id: b, group: g}, {id: c, group: h}]\n"
        )
        assert [error.split(": ")[0] for error in errors] == ["m.yaml:2:35", "m.yaml:4:7"]

    def test_a_wrong_type_of_a_whole_part_is_one_error(self, folder: Folder) -> None:
        errors = folder.errors_of(HEAD + "groups: [x]\nusers: {id: a}\n")
        assert errors == [
            "m.yaml:2:9: `groups` must be a mapping, not a list",
            "m.yaml:3:8: `users` must be a list, not a mapping",
        ]

    def test_a_broken_name_of_a_group_leaves_the_other_groups_known(self, folder: Folder) -> None:
        errors = folder.errors_of(
            HEAD + 'groups: {"": {}, g: {platforms: []}}\nusers: [{id: a, group: g}]\n'
        )
        assert errors == [
            "m.yaml:2:10: a name in `groups` is empty (write something, or leave it out)"
        ]

    def test_a_document_that_is_no_mapping_is_one_error(self, folder: Folder) -> None:
        assert folder.errors_of("- a\n") == [
            "m.yaml:1:1: the document must be a mapping, not a list"
        ]

    def test_errors_of_all_files_are_ordered_by_place(self, folder: Folder) -> None:
        folder.write("b.yaml", HEAD + "usres: []\n")
        folder.write("a.yaml", HEAD + "users: [{id: 1}]\ndefualts: {}\n")
        folder.write("c.yaml", "{")
        assert [error.split(": ")[0] for error in folder.errors()] == [
            "a.yaml:2:14",
            "a.yaml:3:1",
            "b.yaml:2:1",
            "c.yaml:2:1",
        ]

    def test_documents_before_a_syntax_error_are_still_checked(self, folder: Folder) -> None:
        errors = folder.errors_of(HEAD + "x: 1\n---\n" + HEAD + "users: [\n")
        assert [error.split(": ")[0] for error in errors] == ["m.yaml:2:1", "m.yaml:6:1"]

    def test_what_is_left_out_for_its_number_is_said(self, folder: Folder) -> None:
        users = "".join(f"- {{id: u{n}, x: y}}\n" for n in range(600))
        errors = folder.errors_of(HEAD + "users:\n" + users)
        assert len(errors) == 501
        assert errors[0].startswith("m.yaml:1:1: the document breaks more than 500 rules")

    def test_what_is_beyond_the_bound_is_not_taken_for_sound(self, folder: Folder) -> None:
        users = "- {id: ''}\n" * 600 + "- {nope: x}\n"
        errors = folder.errors_of(HEAD + "users:\n" + users)
        assert 100 < len(errors) <= 501
        assert errors[0].startswith("m.yaml:1:1: the document breaks more than 500 rules")

    def test_an_error_far_down_has_its_own_place(self, folder: Folder) -> None:
        users = "".join(f"- id: u{n}\n" for n in range(300))
        errors = folder.errors_of(HEAD + f"users:\n{users}- {{x: y}}\n{users}")
        assert [error.split(": ")[0] for error in errors[:2]] == ["m.yaml:303:3", "m.yaml:303:4"]
        assert len(errors) == 302
