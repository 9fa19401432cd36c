"""Every rule of the manifest's schema, in words, at the exact place."""

import pytest

from tests.manifest.folder import HEAD, Folder


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("default: {}", "m.yaml:2:1: unknown field `default` (did you mean `defaults`?)"),
        (
            "zzz: {}",
            (
                "m.yaml:2:1: unknown field `zzz` (known here: apiVersion, defaults, groups, users,"
                " sources, rules)"
            ),
        ),
        (
            "users: [{id: a, platfroms: []}]",
            "m.yaml:2:17: unknown field `platfroms` (did you mean `platforms`?)",
        ),
        (
            "groups: {g: {Handover: wait}}",
            "m.yaml:2:14: unknown field `Handover` (did you mean `handover`?)",
        ),
        (
            "defaults: {group: g}",
            (
                "m.yaml:2:12: unknown field `group`"
                " (known here: platforms, handover, reason, preferences)"
            ),
        ),
        ("users: [{platforms: []}]", "m.yaml:2:9: `id` is missing (add `id`)"),
        ("users:", "m.yaml:2:7: `users` has no value (write a list, or leave it out)"),
        ("users: x", "m.yaml:2:8: `users` must be a list, not `x` (write `[x]`)"),
        ("users: 5", "m.yaml:2:8: `users` must be a list, not `5`"),
        ("users: [{id: [a]}]", "m.yaml:2:14: `id` must be text, not a list"),
        ("users: [{id: {a: b}}]", "m.yaml:2:14: `id` must be text, not a mapping"),
        ('users: [{id: ""}]', "m.yaml:2:14: `id` is empty (write something, or leave it out)"),
        (
            'users: [{id: " "}]',
            "m.yaml:2:14: `id` ` ` holds a control character or nothing but space",
        ),
        (
            'users: [{id: "a\\u0007b"}]',
            "m.yaml:2:14: `id` `a\\x07b` holds a control character or nothing but space",
        ),
        (
            'users: [{id: "a\\u202eb"}]',
            "m.yaml:2:14: `id` `a\\u202eb` holds a control character or nothing but space",
        ),
        (
            "users: [{id: a, platforms: null}]",
            "m.yaml:2:28: `platforms` has no value (write a list, or leave it out)",
        ),
        (
            "users: [{id: a, platforms: google}]",
            "m.yaml:2:28: `platforms` must be a list, not `google` (write `[google]`)",
        ),
        (
            "users: [{id: a, platforms: [google_calendar]}]",
            (
                "m.yaml:2:29: an item of `platforms` cannot be `google_calendar`"
                " (did you mean `google`?)"
            ),
        ),
        (
            "users: [{id: a, platforms: [Microsoft_Outlook]}]",
            (
                "m.yaml:2:29: an item of `platforms` cannot be `Microsoft_Outlook`"
                " (did you mean `microsoft`?)"
            ),
        ),
        (
            "users: [{id: a, platforms: [gogle]}]",
            "m.yaml:2:29: an item of `platforms` cannot be `gogle` (did you mean `google`?)",
        ),
        (
            "users: [{id: a, platforms: [zoom]}]",
            "m.yaml:2:29: an item of `platforms` cannot be `zoom` (write `google` or `microsoft`)",
        ),
        (
            "users: [{id: a, platforms: [true]}]",
            "m.yaml:2:29: an item of `platforms` cannot be `true` (write `google` or `microsoft`)",
        ),
        (
            "users: [{id: a, platforms: [google, google]}]",
            "m.yaml:2:37: `google` appears twice in `platforms` (remove one of them)",
        ),
        (
            "users: [{id: a, handover: imediate}]",
            "m.yaml:2:27: `handover` cannot be `imediate` (did you mean `immediate`?)",
        ),
        (
            "users: [{id: a, handover: gmail}]",
            "m.yaml:2:27: `handover` cannot be `gmail` (write `wait` or `immediate`)",
        ),
        (
            "users: [{id: a, handover: null}]",
            "m.yaml:2:27: `handover` cannot be `null` (write `wait` or `immediate`)",
        ),
        (
            "users: [{id: a, reason: }]",
            "m.yaml:2:25: `reason` has no value (write text, or leave it out)",
        ),
        (
            'users: [{id: a, reason: ""}]',
            "m.yaml:2:25: `reason` is empty (write something, or leave it out)",
        ),
        (
            'users: [{id: a, reason: "x\\e"}]',
            "m.yaml:2:25: `reason` `x\\x1b` holds a control character or nothing but space",
        ),
        (
            "users: [{id: a, group: 7}]",
            'm.yaml:2:24: `group` must be text, and YAML reads `7` as an integer (quote it: "7")',
        ),
        (
            "users: [{id: a, preferences: {record_externl: true}}]",
            "m.yaml:2:31: unknown field `record_externl` (did you mean `record_external`?)",
        ),
        (
            'users: [{id: a, preferences: {record_external: "true"}}]',
            "m.yaml:2:48: `record_external` must be true or false, not `true`",
        ),
        (
            "users: [{id: a, preferences: {record_external: 1}}]",
            "m.yaml:2:48: `record_external` must be true or false, not `1`",
        ),
        (
            'users: [{id: a, preferences: {bot_name: ""}}]',
            "m.yaml:2:41: `bot_name` is empty (write something, or leave it out)",
        ),
        (
            "groups:\n  4: {}\n  g: {}",
            "m.yaml:3:3: YAML reads the key `4` as an integer (quote it if it is meant as text)",
        ),
        (
            'groups:\n  "a\\tb": {}',
            "m.yaml:3:3: a name in `groups` `a\\tb` holds a control character or nothing but space",
        ),
        ("groups: {g: }", "m.yaml:2:13: `g` has no value (write a mapping, or leave it out)"),
    ],
)
def test_a_broken_rule_is_one_error_at_its_place(folder: Folder, body: str, error: str) -> None:
    assert folder.errors_of(HEAD + body + "\n") == [error]


def test_every_unknown_field_is_reported(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "users:\n- id: a\n  xx: 1\n  yy: 2\n")
    assert [error.split(" ")[0] for error in errors] == ["m.yaml:4:3:", "m.yaml:5:3:"]


def test_a_document_needs_its_version(folder: Folder) -> None:
    assert folder.errors_of("users: []\n") == [
        "m.yaml:1:1: `apiVersion` is missing (add `apiVersion: reconciler/v1`)"
    ]


def test_an_unknown_version_is_an_error(folder: Folder) -> None:
    assert folder.errors_of("apiVersion: v1\n") == [
        "m.yaml:1:13: `apiVersion` cannot be `v1` (write `reconciler/v1`)"
    ]


def test_every_document_needs_its_version(folder: Folder) -> None:
    assert folder.errors_of(HEAD + "---\nusers: []\n") == [
        "m.yaml:3:1: `apiVersion` is missing (add `apiVersion: reconciler/v1`)"
    ]


def test_an_error_in_a_later_document_has_its_place(folder: Folder) -> None:
    (error,) = folder.errors_of(HEAD + "---\n" + HEAD + "users:\n- id: é\n  x: 1\n")
    assert error.startswith("m.yaml:6:3: unknown field `x`")


def test_columns_count_characters(folder: Folder) -> None:
    (error,) = folder.errors_of(HEAD + "users: [{id: ééé, x: 1}]\n")
    assert error.startswith("m.yaml:2:19: ")
