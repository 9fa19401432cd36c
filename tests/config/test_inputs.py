"""The inputs of a configuration: commands that sources can name."""

import re
from pathlib import Path

import pytest

from reconciler.config import InputCommand
from reconciler.domain import SourceLocation
from reconciler.manifest import schema
from reconciler.manifest.rows import RowFormat
from tests.config.file import HEAD, REAL, File

PAGE = (Path(__file__).parents[2] / "docs/configuration.md").read_text("utf-8")


def with_inputs(inputs: str) -> str:
    """A configuration with ``inputs``, from line 7 on."""
    return f"{HEAD}{REAL}inputs:\n{inputs}"


def test_an_input_with_nothing_but_the_necessary_has_the_defaults(file: File) -> None:
    configuration = file.load(with_inputs("  hr: {command: [./export], format: csv}\n"))
    assert configuration.workspace("w").inputs == {
        "hr": InputCommand(
            ("./export",),
            file.path.parent,
            RowFormat.CSV,
            None,
            60,
            1_000_000,
            (),
            SourceLocation("reconciler.yaml", 8, 3),
        )
    }


def test_every_setting_of_an_input_is_read(file: File) -> None:
    inputs = (
        file.load(
            with_inputs(
                "  hr: {command: [curl, -s, 'https://x'], format: json, records: value,\n"
                "       timeoutSeconds: 2.5, maxRows: 9.0, env: [TOKEN, _2]}\n"
            )
        )
        .workspaces["w"]
        .inputs
    )
    assert inputs["hr"] == InputCommand(
        ("curl", "-s", "https://x"),
        file.path.parent,
        RowFormat.JSON,
        "value",
        2.5,
        9,
        ("TOKEN", "_2"),
        SourceLocation("reconciler.yaml", 8, 3),
    )


def test_every_workspace_has_the_inputs(file: File) -> None:
    second = "  v:\n    manifests: [m/]\n    sandbox: {seed: s.yaml}\n"
    text = f"{HEAD}{REAL}{second}inputs: {{hr: {{command: [x], format: csv}}}}\n"
    workspaces = file.load(text).workspaces
    assert [list(workspace.inputs) for workspace in workspaces.values()] == [["hr"], ["hr"]]
    assert file.workspace("").inputs == {}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("format: csv", "8:7: `command` is missing"),
        ("command: [x]", "8:7: `format` is missing"),
        ("command: [], format: csv", "8:17: `command` is empty"),
        ("command: x y, format: csv", "8:17: `command` must be a list"),
        ("command: [x], format: xls", "8:30: `format` cannot be `xls`"),
        ("command: [x], url: u, format: csv", "8:22: unknown field `url`"),
        ("command: [x], format: csv, maxRows: 0", "8:44: `maxRows` "),
        ("command: [x], format: csv, timeoutSeconds: 0", "8:51: `timeoutSeconds` "),
        ("command: [x], format: csv, env: [a b]", "8:41: an item of `env` "),
        ("command: [x], format: csv, env: [A, A]", "8:44: `A` appears twice in `env`"),
        ('command: ["x\\0"], format: csv', "8:18: the text holds a null character"),
        (
            "command: [x], format: jsonl, records: value",
            "8:46: `records` has no meaning with `format: jsonl` (remove it, or write",
        ),
        (
            "command: [x], format: csv, env: [PATH, RECALL_API_KEY]",
            "8:47: `RECALL_API_KEY` holds the API key of workspace `w` (remove it: no input",
        ),
    ],
)
def test_a_broken_input_is_one_error_at_its_place(file: File, fields: str, error: str) -> None:
    (found,) = file.errors(with_inputs(f"  hr: {{{fields}}}\n"))
    assert found.startswith(f"reconciler.yaml:{error}")


def test_no_input_gets_the_token_of_a_watch(file: File) -> None:
    text = with_inputs("  hr: {command: [x], format: csv, env: [PATH, WATCH_TOKEN]}\n")
    settings = "    watch: {token: {env: WATCH_TOKEN}}\n    manifests:"
    (error,) = file.errors(text.replace("    manifests:", settings, 1))
    assert "`WATCH_TOKEN` holds the token of the watch of workspace" in error
    assert "no input gets such a token" in error


def test_an_api_key_is_no_token_of_a_watch(file: File) -> None:
    text = with_inputs("  hr: {command: [x], format: csv}\n")
    settings = "    watch: {token: {env: RECALL_API_KEY}}\n    manifests:"
    (error,) = file.errors(text.replace("    manifests:", settings, 1))
    assert "`RECALL_API_KEY` holds the API key of workspace" in error
    assert "an API key is no token of the watch" in error


def test_the_page_names_every_field_and_default_of_an_input() -> None:
    definitions = schema("config")["$defs"]
    assert isinstance(definitions, dict)
    properties = definitions["input"]["properties"]
    section = PAGE.partition("\n## `inputs`\n")[2].partition("\n## ")[0]
    for name, field in properties.items():
        default = f"{field['default']}" if "default" in field else ""
        assert re.search(rf"^\| `{name}` \|.*\| {default} ?\|$", section, re.MULTILINE), name
