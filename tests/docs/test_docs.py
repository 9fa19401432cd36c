"""The documentation is true: links lead somewhere, examples are valid, codes are complete."""

import re
from pathlib import Path

import pytest
import yaml

import reconciler
from reconciler.domain import Exit, RateLimits, Timeouts
from reconciler.manifest import load_manifests, schema, skip_input
from reconciler.planning import (
    ALLOWABLE,
    ActionReason,
    GuardName,
    Hold,
    Judgement,
    NoticeCode,
    PendingReason,
    PreconditionResult,
    UnmanagedReason,
)
from reconciler.recall import RecallError
from reconciler.runs import Cause, HaltCause, Outcome
from reconciler.sandbox import Behaviour, load_seed
from tests.docs.command_lines import command_lines, complaint
from tests.docs.configurations import is_workspace_file, load_example
from tests.docs.markdown import ROOT, Block, Page, pages

PAGES = pages()
BEHAVIOUR = Page(ROOT / "docs" / "behaviour.md")
ARCHITECTURE = Page(ROOT / "docs" / "architecture.md")
RECALL_API = Page(ROOT / "docs" / "recall-api.md")

# Not the names of formats, such as reconciler/plan/v1.
_SOURCE_PATH = re.compile(
    r"(reconciler|schemas|tests|docs|manifests|sandbox|bench)/(?!(\w+/)?v\d+)[\w./-]*"
)


def _blocks(*languages: str) -> list[tuple[str, Block]]:
    return [
        (f"{page.path.name}:{block.line}", block)
        for page in PAGES
        for block in page.blocks
        if block.language in languages
    ]


def _declaring(api_version: str) -> list[tuple[str, Block]]:
    """The YAML blocks that are whole documents of ``api_version``."""
    return [
        (place, block)
        for place, block in _blocks("yaml", "yml")
        if _first_line(block.text) == f"apiVersion: {api_version}"
    ]


def _first_line(text: str) -> str:
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith(("#", "---"))), "")


def _errors(error: type[RecallError]) -> list[str]:
    below = [code for kind in error.__subclasses__() for code in _errors(kind)]
    return below if error is RecallError else [error("").code, *below]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


CODES = [
    str(member.value)
    for kind in (
        ActionReason,
        Cause,
        GuardName,
        HaltCause,
        Hold,
        Judgement,
        NoticeCode,
        Outcome,
        PendingReason,
        UnmanagedReason,
        PreconditionResult,
    )
    for member in kind
] + _errors(RecallError)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)
def test_every_relative_link_leads_to_a_file_and_an_anchor_that_exist(page: Page) -> None:
    assert page.broken_links() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)
def test_every_path_of_the_repository_that_is_named_exists(page: Page) -> None:
    named = [code for code in page.code if _SOURCE_PATH.fullmatch(code)]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("place", "block"), _blocks("yaml", "yml"))
def test_every_yaml_block_parses(place: str, block: Block) -> None:
    assert list(yaml.safe_load_all(block.text))


@pytest.mark.parametrize(("place", "block"), _declaring("reconciler/v1"))
def test_every_whole_manifest_and_configuration_is_valid(
    place: str, block: Block, tmp_path: Path
) -> None:
    if is_workspace_file(block.text) or re.search(r"^workspaces:", block.text, re.MULTILINE):
        assert load_example(tmp_path, block.text).workspaces
    else:
        file = tmp_path / "example.yaml"
        file.write_text(block.text, encoding="utf-8")
        _export_for(block.text, tmp_path)
        assert load_manifests([file], inputs=skip_input) is not None


def _export_for(manifest: str, folder: Path) -> None:
    """Write the files that the sources of ``manifest`` read, with the columns that they name."""
    documents = yaml.safe_load_all(manifest)
    for source in [source for document in documents for source in document.get("sources", ())]:
        if "file" in source:
            template = re.findall(r"{(\w+)}", source.get("reason", ""))
            columns = [source["id"], *source.get("where", ()), *template]
            path = folder / source["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [columns, ["somebody@example.com", *["x"] * (len(columns) - 1)]]
            path.write_text("".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize(("place", "block"), _declaring("reconciler/sandbox/v1"))
def test_every_whole_seed_is_valid(place: str, block: Block, tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(block.text, encoding="utf-8")
    assert load_seed(file) is not None


def test_there_are_whole_manifests_and_configurations_to_check() -> None:
    texts = [block.text for _, block in _declaring("reconciler/v1")]
    assert {"workspaces:" in text for text in texts} == {True, False}


@pytest.mark.parametrize(
    "arguments",
    [
        arguments
        for _, block in _blocks("console", "sh", "bash", "shell", "yaml", "yml")
        for arguments in command_lines(block)
    ],
    ids=" ".join,
)
def test_every_command_line_is_taken_by_the_real_command(arguments: list[str]) -> None:
    assert complaint(arguments) is None


@pytest.mark.parametrize("code", CODES)
def test_the_behaviour_page_names_every_code(code: str) -> None:
    assert code in BEHAVIOUR.code


@pytest.mark.parametrize("status", Exit, ids=lambda status: status.name)
def test_the_behaviour_page_has_a_row_for_every_exit_status(status: Exit) -> None:
    row = f"| {status.value} | `{status.name}` |"
    assert BEHAVIOUR.text.count(row) == 1


@pytest.mark.parametrize("guard", ALLOWABLE)
def test_the_behaviour_page_names_the_flag_of_every_guard(guard: GuardName) -> None:
    assert f"--allow {guard}" in BEHAVIOUR.code


@pytest.mark.parametrize("switch", Behaviour.__struct_fields__)
def test_the_page_on_the_api_names_every_switch_of_the_sandbox(switch: str) -> None:
    assert _camel(switch) in RECALL_API.code


def test_the_page_on_the_api_names_every_setting_that_an_assumption_has() -> None:
    properties = _workspace_properties()
    settings = [f"rateLimits.{name}" for name in properties["rateLimits"]]
    settings += [f"timeouts.{name}" for name in properties["timeouts"] if name.endswith("Seconds")]
    assert len(settings) == len(RateLimits.__struct_fields__) + len(Timeouts.__struct_fields__) - 1
    assert [setting for setting in settings if setting not in RECALL_API.code] == []


def test_the_architecture_page_has_a_row_for_every_room() -> None:
    package = Path(str(reconciler.__file__)).parent
    rooms = {folder.name for folder in package.iterdir() if (folder / "__init__.py").exists()}
    rows = re.findall(r"^\| `reconciler\.(\w+)` \|", ARCHITECTURE.text, re.MULTILINE)
    assert sorted(rows) == sorted(rooms)


def _workspace_properties() -> dict[str, dict[str, object]]:
    value: object = schema("config")
    for step in ("$defs", "workspace", "properties"):
        assert isinstance(value, dict)
        value = value[step]
    assert isinstance(value, dict)
    return {name: field["properties"] for name, field in value.items() if "properties" in field}


@pytest.mark.parametrize(
    "text", ["[gone](gone.md)", "# Here\n\n[there](#there)", "[there](other.md#there)"]
)
def test_a_link_that_leads_nowhere_is_noticed(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Elsewhere\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert len(Page(page).broken_links()) == 1


def test_a_link_to_the_second_of_two_equal_headings_is_followed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# `a` B, c\n\n# a b c\n\n[one](#a-b-c) [two](#a-b-c-1)\n", encoding="utf-8")
    assert Page(page).broken_links() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["plna"],
        ["--nope"],
        ["plan", "--nope"],
        ["plan", "--format", "xml"],
        ["apply", "one", "two"],
        ["sandbox", "nope"],
        ["sandbox", "serve", "--port", "many"],
        ["show"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_the_real_command_refuses_is_noticed(arguments: list[str]) -> None:
    assert complaint(arguments) is not None


@pytest.mark.parametrize("arguments", [[], ["--version"], ["plan", "-h"], ["sandbox", "--help"]])
def test_asking_for_help_or_the_version_is_no_fault(arguments: list[str]) -> None:
    assert complaint(arguments) is None


def test_command_lines_are_found_wherever_a_shell_would_find_them() -> None:
    script = (
        "A=1 .venv/bin/reconciler plan -o p \\\n  --quiet || echo no\n"
        "echo reconciler show; if reconciler validate > out; then reconciler apply p; fi # note\n"
    )
    expected = [["plan", "-o", "p", "--quiet"], ["validate"], ["apply", "p"]]
    assert command_lines(Block("sh", script, 1)) == expected


def test_the_output_in_a_console_is_not_taken_for_a_command() -> None:
    console = "$ reconciler plan\nreconciler apply\n"
    assert command_lines(Block("console", console, 1)) == [["plan"]]


def test_the_scripts_of_a_pipeline_are_read() -> None:
    pipeline = (
        "jobs:\n  a:\n    steps:\n      - run: reconciler plan\n    script: [reconciler show p]\n"
    )
    assert command_lines(Block("yaml", pipeline, 1)) == [["plan"], ["show", "p"]]
