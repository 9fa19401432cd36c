"""JSON and JSON Lines exports: what is read, and that nothing is guessed or lost."""

import json

import pytest

from reconciler.domain import InvalidInput
from tests.manifest.export import Export, json_export, jsonl_export, values


def one(record: str) -> list[Export]:
    """Exports in both formats with one record."""
    return [json_export(f"[{record}]"), jsonl_export(f"{record}\n")]


def test_the_records_of_an_array_come_with_the_lines_on_which_they_begin() -> None:
    export = json_export('\n[\n {"id": "a",\n  "x": "1"}, {"id": "b"}\n,\n\n{"id":"c"}]\n')
    assert export.rows("id") == [(3, ("a",)), (4, ("b",)), (7, ("c",))]


def test_the_records_of_json_lines_come_with_their_lines() -> None:
    export = jsonl_export('{"x": "1", "id": "a"}\r\n\n  \n{"id": "b"}')
    assert export.rows("id", "x") == [(1, ("a", "1")), (4, ("b", ""))]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"0042"', "0042"),
        ('" a\\n\\"b\\" "', ' a\n"b" '),
        ('"\\u00fc\\ud83d\\ude00"', "ü😀"),
        ('"=1+1"', "=1+1"),
        ("42", "42"),
        ("-7", "-7"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
    ],
)
def test_a_value_is_the_text_that_json_writes(value: str, text: str) -> None:
    for export in one(f'{{"id": {value}}}'):
        assert export.rows("id") == [(1, (text,))]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1.0", "the number 1.0, not text (export it as text)"),
        ("1e2", "the number 100.0, not text (export it as text)"),
        ("{}", "an object, not text (name a value in it: `id.KEY`)"),
        ("[]", "an array, not text (name a column with one value)"),
    ],
)
def test_what_is_no_text_is_an_error_where_it_is_needed(value: str, message: str) -> None:
    for export in one(f'{{"id": {value}, "x": "1"}}'):
        assert export.error("id") == f"export:1: the value of `id` is {message}"
        assert export.rows("x") == [(1, ("1",))]


def test_a_key_that_one_record_does_not_have_is_empty_text() -> None:
    export = json_export('[{"id": "a"}, {"id": "b", "end": "2026"}]')
    assert values(export.rows("id", "end")) == [("a", ""), ("b", "2026")]


def test_a_column_that_no_record_has_is_an_error_with_a_hint() -> None:
    export = json_export('[{"mail": "a", "x": {"y": 1}}, {"Name": "b"}]')
    assert export.errors("mail", "name", "zzz") == [
        "export: there is no column `name` (did you mean `Name`?)",
        "export: there is no column `zzz` (there are: `mail`, `x`, `x.y`, `Name`)",
    ]


def test_a_late_column_is_found() -> None:
    records = [{"id": str(n)} for n in range(150)] + [{"id": "x", "late": "yes"}]
    assert json_export(json.dumps(records)).rows("late")[-1] == (1, ("yes",))


def test_a_column_with_dots_leads_into_objects() -> None:
    export = json_export(
        '[{"profile": {"email": "a", "x": {"y": 1}}}, {"profile": null}, {"profile": "p"},'
        ' {"profile.email": "b", "profile": {"email": "c"}}]'
    )
    rows = export.rows("profile.email", "profile.x.y")
    assert values(rows) == [("a", "1"), ("", ""), ("", ""), ("b", "")]


@pytest.mark.parametrize(
    "record",
    [
        '{"id": "a", "id": "b"}',
        '{"id": "a", "x": [{"id": 1, "id": 1}]}',
        '{"id": "a", "\\u0069d": "b"}',
        '{"id": "\\"", "x": "\\\\", "id": "\\""}',
        '{"id": "a", "": 1, "id" : true}',
    ],
)
def test_a_key_that_is_twice_in_an_object_is_an_error(record: str) -> None:
    for export in one(record):
        assert export.error("id") == (
            "export:1: an object has the key `id` twice (keep one of them)"
        )


@pytest.mark.parametrize("text", ['\\"', "\\\\", '\\\\\\"', "\\\\\\\\", "\\u0022", "\\/"])
def test_quotes_and_backslashes_in_values_are_no_second_key(text: str) -> None:
    for export in one(f'{{"id": "{text}", "x": ["{text}", {{"{text}": 1}}, null]}}'):
        assert export.rows("id") == [(1, (json.loads(f'"{text}"'),))]


@pytest.mark.parametrize("record", ["1", '"a"', "null", '["a"]'])
def test_a_record_that_is_no_object_is_an_error(record: str) -> None:
    for export in one(record):
        assert export.error("id") == (
            "export:1: the record is not an object (write an object for each record)"
        )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('[{"id": "a"},\n {"id": "b"}', "2:13", "input data was truncated"),
        ('[{"id": "a"}, {"id": "b', "1:24", "input data was truncated"),
        ('[{"id": "a"}]\n]', "2:1", "trailing characters"),
        ('[{"id": "a"},]', "1:14", "trailing comma in array"),
        ('[\n{"é": "a" "id": 2}]', "2:11", "expected ',' or '}'"),
        ('[{"id": NaN}]', "1:9", "invalid character"),
        ('[{"id": "\\ud800"}, {"id": "b"}]', "1:16", ""),
        ('[{"id": "\\udc00"}, {"id": "b"}]', "1:16", ""),
        ("42", "1:3", "expected `array`, got `int`"),
    ],
)
def test_what_is_no_json_is_an_error_with_its_place(text: str, place: str, message: str) -> None:
    start = f"export:{place}: cannot be read as JSON: {message}"
    assert json_export(text).error("id").startswith(start)


def test_a_number_that_no_one_can_hold_is_an_error() -> None:
    for export in one('{"id": "a", "x": 1e999}'):
        assert export.error("id").startswith("export:1: the record cannot be read: Number out of")


def test_a_line_that_is_cut_off_is_an_error_with_its_place() -> None:
    assert jsonl_export('{"id": "a"}\n{"id": "b').error("id") == (
        "export:2:10: cannot be read as JSON: input data was truncated"
        " (it is cut off or damaged: export it again)"
    )


def test_two_objects_on_a_line_are_an_error() -> None:
    error = jsonl_export('{"id": "a"}\n{"id": "b"} {"id": "c"}\n').error("id")
    assert error.startswith("export:2:13: cannot be read as JSON")


def test_a_null_character_in_a_needed_value_is_an_error() -> None:
    for export in one('{"id": "a\\u0000", "x": "1"}'):
        assert export.error("id") == "export:1: a value holds a null character (remove it)"
        assert export.rows("x") == [(1, ("1",))]


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_a_record_that_is_nested_too_deeply_is_an_error(depth: int) -> None:
    for export in one(f'{{"id": {"[" * depth}{"]" * depth}}}'):
        assert export.error("id") == (
            "export:1: the record is nested too deeply (export flat records)"
        )


def test_a_record_of_any_other_depth_is_read_or_refused() -> None:
    outcomes = set()
    # Each version of Python has a limit of its own.
    for depth in [*range(850, 1000, 3), *range(1_000, 12_000, 250)]:
        for export in one(f'{{"id": "a", "x\\\\": {"[" * depth}{"]" * depth}}}'):
            try:
                outcomes.add(str(export.rows("id")))
            except InvalidInput as error:
                outcomes.add(str(error))
    assert outcomes <= {
        "[(1, ('a',))]",
        "export:1: the record is nested too deeply (export flat records)",
    }


def test_records_can_be_the_value_of_a_key() -> None:
    text = (
        '{"@odata.context": "x[{",\n "value": [\n{"id": "a"},\n{"id": "b"}], "n": {"value": 1}}\n'
    )
    export = json_export(text, "value")
    assert export.rows("id") == [(3, ("a",)), (4, ("b",))]


def test_an_object_instead_of_an_array_is_an_error_that_names_the_arrays_key() -> None:
    message = "export:1: this is an object, not an array of objects"
    assert json_export('{"kind": "x", "users": []}').error("id") == (
        f"{message} (write `records: users` for the array in it)"
    )
    lines = f"{message} (for one object on each line, write `format: jsonl`)"
    assert json_export('{"users": []}\n{"users": []}').error("id") == lines
    assert json_export('{"id": "a"}').error("id") == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": "a"}]', "this is an array, not an object with the records in it"),
        ('{"values": []}', "the object has no key `value` (did you mean `values`?)"),
        ('{"a": 1, "b": 2}', "the object has no key `value` (there are: `a`, `b`)"),
        ("{}", "the object has no key `value` (it has none)"),
        ('{"value": {"id": "a"}}', "the value of `value` is not an array"),
        ('{"value": [{"id": "a"}], "value": [{"id": "b"}]}', "the object has a key twice"),
        ('{"value": [{"id": "a"}], "x": 1, "value": []}', "the object has a key twice"),
        ('{"x": 1, "value": [{"id": "a"}], "x": 22}', "the object has a key twice"),
        ('{"value": [{"id": "a"}', "cannot be read as JSON: input data was truncated"),
    ],
)
def test_an_object_without_the_records_is_an_error(text: str, message: str) -> None:
    assert message in json_export(text, "value").error("id")


@pytest.mark.parametrize(
    "key", ["@odata.nextLink", "nextPageToken", "nextLink", "next", "next_cursor", "hasMore"]
)
def test_one_page_of_several_is_an_error(key: str) -> None:
    text = f'{{"value": [{{"id": "a"}}], "{key}": '
    assert json_export(f'{text}"x"}}', "value").error("id") == (
        f"export:1: this is one page of several: it has `{key}` (export all pages, as one array)"
    )
    for nothing in ("null", '""'):
        assert json_export(f"{text}{nothing}}}", "value").rows("id") == [(1, ("a",))]


def test_a_page_of_scim_that_lacks_records_is_an_error() -> None:
    text = '{"totalResults": 2, "Resources": [{"id": "a"}%s]}'
    assert json_export(text % "", "Resources").error("id") == (
        "export:1: this is one page of several: it has 1 of 2 records"
        " (export all pages, as one array)"
    )
    assert len(json_export(text % ', {"id": "b"}', "Resources").rows("id")) == 2


def test_an_object_that_is_nested_too_deeply_is_an_error_without_records_too() -> None:
    text = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert "this is an object, not an array of objects" in json_export(text).error("id")
