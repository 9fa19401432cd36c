"""YAML that surprises people, and YAML that means harm."""

import subprocess
import sys
import textwrap

import pytest

from tests.manifest.folder import HEAD, Folder


@pytest.mark.parametrize(
    ("scalar", "meaning", "quoted"),
    [
        ("42", "an integer", '"42"'),
        ("0042", "the integer 34", '"0042"'),
        ("12:30", "the integer 750", '"12:30"'),
        ("1_000", "the integer 1000", '"1_000"'),
        ("1.5", "a number", '"1.5"'),
        ("no", "false", '"no"'),
        ("On", "true", '"On"'),
        ("true", "true", '"true"'),
    ],
)
def test_an_id_that_yaml_reads_as_something_else_is_to_be_quoted(
    folder: Folder, scalar: str, meaning: str, quoted: str
) -> None:
    assert folder.errors_of(HEAD + f"users:\n- id: {scalar}\n") == [
        (
            f"m.yaml:3:7: `id` must be text, and YAML reads `{scalar}` as {meaning}"
            f" (quote it: {quoted})"
        )
    ]
    assert list(folder.load_text(HEAD + f"users:\n- id: {quoted}\n").users) == [scalar]


@pytest.mark.parametrize("scalar", ["2026-10-31", "2026-10-31 12:00:00", ".inf", ".nan"])
def test_what_json_has_no_value_for_is_to_be_quoted(folder: Folder, scalar: str) -> None:
    (error,) = folder.errors_of(HEAD + f"users:\n- id: {scalar}\n")
    meaning = "a date" if "-" in scalar else "a number"
    assert error == (
        f"m.yaml:3:7: YAML reads `{scalar}` as {meaning} (quote it if it is meant as text)"
    )


@pytest.mark.parametrize("scalar", ["9" * 30, "9" * 5000, "0b_"])
def test_an_integer_that_no_machine_word_holds_is_to_be_quoted(folder: Folder, scalar: str) -> None:
    (error,) = folder.errors_of(HEAD + f"users:\n- id: {scalar}\n")
    assert error.startswith("m.yaml:3:7: YAML reads `")
    assert error.endswith(" as an integer (quote it if it is meant as text)")
    assert len(error) < 200


@pytest.mark.parametrize("scalar", ["", "~", "null"])
def test_an_id_without_a_value_is_an_error(folder: Folder, scalar: str) -> None:
    (error,) = folder.errors_of(HEAD + f"users:\n- id: {scalar}\n")
    assert error.endswith("`id` has no value (write text, or leave it out)")


def test_words_that_only_begin_like_a_number_or_a_truth_value_are_text(folder: Folder) -> None:
    ids = ["nobody", "yes-man", "12:30:99", "=", "tom@example.com", "0x", "1.2.3", "off1", "-"]
    users = "".join(f"- id: {i}\n" for i in ids if i != "-")
    assert set(folder.load_text(HEAD + f'users:\n{users}- id: "-"\n').users) == set(ids)


def test_a_key_twice_is_an_error_naming_both_places(folder: Folder) -> None:
    assert folder.errors_of(HEAD + "users:\n- id: a\n  platforms: [google]\n  id: b\n") == [
        (
            "m.yaml:5:3: the key `id` appears twice in one mapping, first at m.yaml:3:3"
            " (remove one of them)"
        )
    ]


def test_users_twice_in_one_document_are_an_error(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "users: [{id: a}]\nusers: [{id: b}, {id: c}]\n")
    assert [error.split(" (")[0] for error in errors] == [
        "m.yaml:3:1: the key `users` appears twice in one mapping, first at m.yaml:2:1"
    ]


def test_a_key_twice_is_found_next_to_a_key_that_is_a_list(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "? [a]\n: b\n\"x\": 1\n'x': 2\n")
    assert [error.split(" (")[0] for error in errors] == [
        "m.yaml:2:3: a list or mapping cannot be a key",
        "m.yaml:4:1: unknown field `x`",
        "m.yaml:5:1: the key `x` appears twice in one mapping, first at m.yaml:4:1",
    ]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("12", "YAML reads the key `12` as an integer"),
        ("on", "YAML reads the key `on` as true"),
        ("~", "YAML reads the key `~` as no value"),
        ("2026-10-31", "YAML reads the key `2026-10-31` as a date"),
        ("{a: b}", "a list or mapping cannot be a key"),
        ("<<", "merge keys (`<<`) are not supported"),
    ],
)
def test_a_key_that_is_no_text_is_an_error(folder: Folder, key: str, message: str) -> None:
    (error,) = folder.errors_of(HEAD + f"users:\n- ? {key}\n  : {{a: b}}\n  id: a\n")
    assert error.startswith(f"m.yaml:3:5: {message} (")


def test_a_key_in_quotes_is_text_and_only_unknown(folder: Folder) -> None:
    (error,) = folder.errors_of(HEAD + '"on": x\n')
    assert error.startswith("m.yaml:2:1: unknown field `on`")


def test_a_word_that_begins_like_a_truth_value_is_a_key(folder: Folder) -> None:
    assert folder.load_text(HEAD + "groups: {office: {}, yes men: {}}").groups == {
        "office",
        "yes men",
    }


def test_a_tag_is_an_error_wherever_it_stands(folder: Folder) -> None:
    errors = folder.errors_of(
        "!top\n" + HEAD + "!key users:\n- !entry\n  id: !python/object:os.system a\n"
        "- id: !!int 5\n- !!omap\n  id: z\n"
    )
    assert [error.split(" is not supported")[0] for error in errors] == [
        "m.yaml:1:1: the tag `!top`",
        "m.yaml:3:1: the tag `!key`",
        "m.yaml:4:3: the tag `!entry`",
        "m.yaml:5:7: the tag `!python/object:os.system`",
        "m.yaml:6:7: the tag `!!int`",
        "m.yaml:7:3: the tag `!!omap`",
    ]


def test_the_tags_of_json_values_change_nothing(folder: Folder) -> None:
    state = folder.load_text("!!map\n" + HEAD + "!!str users: !!seq [{id: !!str 5}]\n")
    assert list(state.users) == ["5"]


def test_an_alias_stands_for_what_it_refers_to(folder: Folder) -> None:
    state = folder.load_text(
        HEAD + "users:\n- {id: a, platforms: &p [google]}\n- {id: b, platforms: *p}\n"
    )
    assert state.users["a"].platforms == state.users["b"].platforms


def test_a_list_that_is_an_alias_of_the_users_is_read_like_any(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "users: &u [{id: a}, {id: b}]\nx: *u\n")
    assert [error.split(" (")[0] for error in errors] == ["m.yaml:3:1: unknown field `x`"]


def test_aliases_that_multiply_are_refused(folder: Folder) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (error,) = folder.errors_of(HEAD + "\n".join(lines))
    assert "aliases make this document grow without limit" in error
    assert error.startswith("m.yaml:4:5: ")


@pytest.mark.parametrize(
    "text",
    ["users: &a [*a]", "users: &a [[*a], x]", "users: &a\n  k: *a\n", "users:\n- &a [[*a]]\n- x\n"],
)
def test_an_alias_inside_what_it_refers_to_is_refused(folder: Folder, text: str) -> None:
    (error,) = folder.errors_of(HEAD + text)
    assert "aliases nest deeper than 50 levels" in error
    assert error.endswith("(an alias must not be inside the value that it refers to)")


@pytest.mark.parametrize(
    "text",
    ["x: " + "[" * 49 + "]" * 49, "x:\n " + "- " * 49 + "x"],
)
def test_fifty_levels_are_read(folder: Folder, text: str) -> None:
    (error,) = folder.errors_of(HEAD + text)
    assert error.startswith("m.yaml:2:1: unknown field `x`")


@pytest.mark.parametrize(
    "text",
    ["x: " + "[" * 50 + "x" + "]" * 50, "x:\n " + "- " * 50 + "x", "x: " + "{a: " * 50 + "}" * 50],
)
def test_one_level_more_is_refused(folder: Folder, text: str) -> None:
    (error,) = folder.errors_of(HEAD + text)
    assert "nested deeper than 50 levels" in error


DEPTHS = {
    "flow sequences": "b'[' * 200000",
    "closed flow sequences": "b'[' * 200000 + b']' * 200000",
    "flow mappings": "b'{a: ' * 200000",
    "block sequences": "b'- ' * 200000",
    "block mappings": "b'\\n'.join(b' ' * n + b'a:' for n in range(5000))",
    "explicit keys": "b'? ' * 200000",
    "mixed": "b'- ' * 1000 + b'[{a: ' * 100000",
    "flows over lines with closings between": "b'x: [\\n[a],\\n' + b'[ # ]\\n [], {},\\n' * 100000",
    "inside an anchor": "b'x: &a ' + b'[' * 200000",
    "anchors all the way": "b''.join(b'&a%d [' % n for n in range(100000))",
    "inside quotes and out": "b'[\"]\", ' * 200000",
    "line breaks of other systems": "b'\\xc2\\x85'.join(b'[' for n in range(200000))",
    "below the users": "b'users:\\n- id: a\\n- ' + b'[' * 200000",
    "second document": "b'a: 1\\n---\\n' + b'[' * 200000",
}


@pytest.mark.parametrize("expression", DEPTHS.values(), ids=DEPTHS.keys())
def test_depth_ends_in_an_error_and_not_in_the_end_of_the_interpreter(
    folder: Folder, expression: str
) -> None:
    program = f"""
        import sys
        from pathlib import Path
        from reconciler.domain import InvalidInput
        from reconciler.manifest import load_manifests
        path = Path(sys.argv[1])
        path.write_bytes({expression})
        try:
            load_manifests([path])
        except InvalidInput as error:
            print(error.diagnostics[-1].message)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(folder.path / "deep.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "nested deeper than 50 levels\n", "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: b: c\n", "m.yaml:1:5: not YAML: mapping values are not allowed in this context"),
        ("a: *x\n", "m.yaml:1:4: not YAML: found undefined alias (define it"),
        (
            "a: [1\nb: 2\n",
            "m.yaml:2:2: not YAML: while parsing a flow sequence at m.yaml:1:4, did not find",
        ),
        ("a: &x 1\nb: &x 2\n", "m.yaml:2:4: not YAML: found duplicate anchor; first occurrence at"),
        ("%YAML 3.0\n---\na\n", "m.yaml:1:1: not YAML: found incompatible YAML document"),
        ("é: a\nüb: c\x07d\n", "m.yaml:2:6: not YAML: the character U+0007 is not allowed"),
        ("a: 'b\n", "m.yaml:2:1: not YAML: while scanning a quoted scalar at m.yaml:1:4, found"),
    ],
)
def test_what_is_no_yaml_is_an_error_with_its_place(folder: Folder, text: str, error: str) -> None:
    (found,) = folder.errors_of(text)
    assert found.startswith(error)


def test_a_tab_and_a_crooked_list_get_a_hint(folder: Folder) -> None:
    (tab,) = folder.errors_of("users:\n  - id: a\n\t platforms: [google]\n")
    assert tab.endswith("(indent with spaces)")
    (crooked,) = folder.errors_of("users:\n  - id: a\n   - id: b\n")
    assert crooked.endswith("(indent every entry of the list alike)")


def test_a_file_that_is_no_manifest_at_all_is_not_quoted(folder: Folder) -> None:
    (found,) = folder.errors_of(f"-----BEGIN OPENSSH {'PRIVATE KEY'}-----\n")
    assert "OPENSSH" not in found


def test_a_file_without_a_document_is_an_error(folder: Folder) -> None:
    folder.write("comment.yaml", "# nothing\n")
    folder.write("empty.yaml", "")
    folder.write("space.yaml", "\n\n")
    assert folder.errors() == [
        f"{name}.yaml: the file is empty (write a document into it)"
        for name in ("comment", "empty", "space")
    ]


def test_an_empty_document_is_an_error_at_its_place(folder: Folder) -> None:
    assert folder.errors_of(HEAD + "---\n---\n" + HEAD) == [
        "m.yaml:3:1: the document is empty (write something below the `---`, or remove it)"
    ]


def test_untrusted_text_is_bounded_and_visible_in_errors(folder: Folder) -> None:
    (error,) = folder.errors_of(HEAD + 'groups: {}\n"x\\e[31m\\n' + "y" * 900 + '": 1\n')
    assert len(error) < 300
    assert error.isprintable()
    assert "`x\\x1b[31m\\nyyy" in error


def test_a_long_row_of_sixties_is_to_be_quoted_and_not_computed(folder: Folder) -> None:
    row = "1:" * 200_000 + "1"
    errors = folder.errors_of(HEAD + f"users:\n- id: {row}\n- id: {row[-401:]}.5\n")
    assert [error.split(" `")[0] for error in errors] == [
        "m.yaml:3:7: YAML reads",
        "m.yaml:4:7: YAML reads",
    ]
    assert errors[0].endswith(" as an integer (quote it if it is meant as text)")
    assert errors[1].endswith(" as a number (quote it if it is meant as text)")
    assert all(len(error) < 200 for error in errors)


def test_a_large_file_that_is_no_manifest_takes_little_memory(folder: Folder) -> None:
    program = """
        import sys
        from pathlib import Path
        from reconciler.domain import InvalidInput
        from reconciler.manifest import load_manifests
        try:
            load_manifests([Path(sys.argv[1])])
        except InvalidInput as error:
            (peak,) = (
                line.split()[1]
                for line in Path("/proc/self/status").read_text().splitlines()
                if line.startswith("VmHWM:")
            )
            print(len(error.diagnostics), int(peak) // 1024)
    """
    path = folder.write("m.yaml", HEAD + f"users: [{'1,' * 200_000}]\n")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    errors, mebibytes = map(int, done.stdout.split())
    assert errors == 501
    assert mebibytes < 256


def test_one_rule_broken_many_times_is_bounded_like_many_rules(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + f"defaults: {{platforms: [{'google,' * 2000}]}}\n")
    assert len(errors) == 501
    assert errors[0].startswith("m.yaml:1:1: the document breaks more than 500 rules")


def test_lists_where_none_belong_are_errors_as_a_whole(folder: Folder) -> None:
    errors = folder.errors_of(HEAD + "groups: [1, 2]\nx: [1, 2]\nusers: [{id: a}]\n")
    assert [error.split(" (")[0] for error in errors] == [
        "m.yaml:2:9: `groups` must be a mapping, not a list",
        "m.yaml:3:1: unknown field `x`",
    ]
