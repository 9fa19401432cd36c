"""Workspaces in files of their own: ``workspaces: {include: […]}``."""

import os
from pathlib import Path

import pytest

from reconciler.config import (
    Configuration,
    Region,
    SandboxSource,
    SecretFromCommand,
    SecretFromFile,
    Workspace,
)
from reconciler.domain import Limits, SourceLocation
from tests.config.file import File

VERSION = "apiVersion: reconciler/v1\n"
DEFAULTS = "defaults:\n  region: us-west-2\n  apiKey: {file: key}\n  manifests: [m/]\n"
MAIN = f"{VERSION}{DEFAULTS}workspaces:\n  include: [workspaces/*.yaml]\n"
"""The pattern is on line 7, from column 13 on."""


def write(file: File, **files: str) -> None:
    """Files in the folder `workspaces`, by their names without suffix."""
    folder = file.path.parent / "workspaces"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)


def errors(file: File, main: str = MAIN, **files: str) -> list[str]:
    write(file, **files)
    return file.errors(main)


def load(file: File, main: str = MAIN, **files: str) -> Configuration:
    write(file, **files)
    return file.load(main)


def of(*patterns: str) -> str:
    """The configuration with other patterns in the place of its own."""
    return MAIN.replace("[workspaces/*.yaml]", f"[{', '.join(patterns)}]")


def test_each_file_is_one_workspace_by_the_name_in_it_or_its_own(file: File) -> None:
    configuration = load(file, b=VERSION, a=f"{VERSION}name: z.1\nregion: us-east-1\n")
    assert {name: found.remote for name, found in configuration.workspaces.items()} == {
        "z.1": Region("us-east-1"),
        "b": Region("us-west-2"),
    }
    assert [workspace.name for workspace in configuration.workspaces.values()] == ["z.1", "b"]


def test_a_workspace_is_where_its_file_says_its_name_or_begins(file: File) -> None:
    found = load(file, b=f"# x\n{VERSION}", a=f"{VERSION}name: z\n").workspaces
    assert found["b"].source == SourceLocation("workspaces/b.yaml", 2, 1)
    assert found["z"].source == SourceLocation("workspaces/a.yaml", 2, 7)


def test_files_and_workspaces_of_the_configuration_itself_are_together(file: File) -> None:
    main = f"{MAIN}  own: {{region: us-east-1}}\ndefaultWorkspace: b\n"
    configuration = load(file, main, b=VERSION)
    assert list(configuration.workspaces) == ["own", "b"]
    assert configuration.workspace(None).name == "b"


def test_the_files_that_were_read_are_known(file: File) -> None:
    folder = file.path.parent / "workspaces"
    assert load(file, b=VERSION, a=VERSION).included == (folder / "a.yaml", folder / "b.yaml")


def test_paths_are_relative_to_the_file_that_holds_them(file: File) -> None:
    folder = file.path.parent

    def workspace(text: str) -> Workspace:
        return load(file, a=f"{VERSION}{text}").workspace("a")

    default = workspace("")
    at = SourceLocation("reconciler.yaml", 4, 3)
    assert default.manifests == (folder / "m",)
    assert default.api_key == SecretFromFile(folder / "key", at)
    own = workspace("manifests: [m/, ../n]\napiKey: {command: [get]}\nsandbox: {seed: s}\n")
    below = folder / "workspaces"
    place = SourceLocation("workspaces/a.yaml", 3, 1)
    assert own.manifests == (below / "m", below / "../n")
    assert own.api_key == SecretFromCommand(("get",), below, place)
    assert own.remote == SandboxSource(below / "s", folder / ".reconciler/sandbox-a.db")
    assert own.ledger == default.ledger


def test_a_limit_knows_the_file_that_sets_it(file: File) -> None:
    main = MAIN.replace("defaults:\n", "defaults:\n  limits: {maxDisconnectPercent: 6}\n")
    workspace = load(file, main, a=f"{VERSION}limits: {{maxDisconnects: 3}}\n").workspace("a")
    assert workspace.limits == Limits(3, 6, 30)
    assert workspace.max_disconnects_source == SourceLocation("workspaces/a.yaml", 2, 10)
    assert workspace.max_disconnect_percent_source == SourceLocation("reconciler.yaml", 3, 12)


def test_the_placeholder_stands_for_the_name_of_a_file_too(file: File) -> None:
    main = MAIN.replace("[m/]", "['m/{workspace}/']")
    found = load(file, main, a=VERSION, b=f"{VERSION}name: c\n").workspaces
    folder = file.path.parent
    assert [found[name].manifests for name in "ac"] == [(folder / "m/a",), (folder / "m/c",)]
    assert errors(file, main, a=f"{VERSION}manifests: ['{{workspace}}']\n") == [
        (
            "workspaces/a.yaml:2:13: `{workspace}` has no meaning here (it stands for the name of a"
            " workspace in `defaults` alone, and there in paths, variables and commands)"
        )
    ]


def test_a_workspace_can_be_called_include(file: File) -> None:
    text = f"{VERSION}{DEFAULTS}workspaces:\n  include: {{region: us-east-1}}\n"
    assert list(file.load(text).workspaces) == ["include"]
    assert list(load(file, include=VERSION).workspaces) == ["include"]


def test_patterns_match_shell_style_and_skip_what_is_hidden(file: File) -> None:
    write(file, a1=VERSION, a2=VERSION, b1=VERSION)
    folder = file.path.parent / "workspaces"
    (folder / ".#a1.yaml").write_text("broken")
    (folder / "deep").mkdir()
    (folder / "deep" / "c.yml").write_text(VERSION)
    (folder / "notes.txt").write_text("")
    assert list(file.load(of("'workspaces/a?.yaml'")).workspaces) == ["a1", "a2"]
    assert list(file.load(of("'workspaces/?[13].yaml'", "workspaces/*2.y*")).workspaces) == [
        "a1",
        "a2",
        "b1",
    ]
    assert list(file.load(of("workspaces/*/*.yml")).workspaces) == ["c"]
    assert list(file.load(of("workspaces/b1.yaml")).workspaces) == ["b1"]
    assert list(file.load(of("./workspaces/*1.yaml", "workspaces/a*.yaml")).workspaces) == [
        "a1",
        "a2",
        "b1",
    ]


def test_files_on_a_mounted_volume_are_symlinks_to_a_hidden_folder(file: File) -> None:
    folder = file.path.parent / "workspaces"
    (folder / "..2026_11").mkdir(parents=True)
    (folder / "..2026_11" / "a.yaml").write_text(VERSION)
    (folder / "..data").symlink_to("..2026_11")
    (folder / "a.yaml").symlink_to("..data/a.yaml")
    configuration = file.load(MAIN)
    assert list(configuration.workspaces) == ["a"]
    assert configuration.workspace("a").source == SourceLocation("workspaces/a.yaml", 1, 1)


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("nothing/*.yaml", "`nothing/*.yaml` matches no file (write a path from the folder of"),
        ("workspaces/b.yaml", "`workspaces/b.yaml` matches no file"),
        ("a.yaml/x", "`a.yaml/x` matches no file"),
        ("'.'", "`.` matches no file"),
        (
            "'*.yaml'",
            "`*.yaml` matches this configuration itself (keep workspace files in a folder",
        ),
        ("/etc/*.yaml", "`/etc/*.yaml` leads out of the folder of this configuration"),
        ("../*.yaml", "`../*.yaml` leads out of the folder of this configuration"),
        ("workspaces/../../x", "`workspaces/../../x` leads out of the folder"),
        ("'**/*.yaml'", "`**/*.yaml` holds `**` (name each level: workspaces/*/*.yaml)"),
        ("work*", "`workspaces` is not a regular file (name files, not folders)"),
        (".hidden/a.yaml", "`.hidden/a.yaml` is hidden: a name begins with a dot"),
        ("dangling", "`dangling` cannot be read: No such file or directory (check the path, from"),
        ("loop", "`loop` cannot be read: it leads back to itself"),
        ("out", "`out` leads out of the folder of this configuration (name a file below"),
        ("above/*", "`above/out.yaml` leads out of the folder of this configuration"),
        ("pipe", "`pipe` is not a regular file"),
        ('"a\\0"', "the text holds a null character"),
        ('""', "an item of `include` is empty"),
        ("5", "an item of `include` must be text, and YAML reads `5` as an integer"),
    ],
)
def test_a_pattern_that_cannot_be_followed_is_an_error_at_its_place(
    file: File, pattern: str, error: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, outside = file.path.parent, tmp_path_factory.mktemp("outside")
    (outside / "out.yaml").write_text(VERSION)
    (folder / ".hidden").mkdir()
    for path in (folder / ".hidden/a.yaml", folder / "a.yaml"):
        path.write_text(VERSION)
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "out").symlink_to(outside / "out.yaml")
    (folder / "above").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    (found,) = errors(file, of(pattern), a=VERSION)
    assert found.startswith(f"reconciler.yaml:7:13: {error}")


def test_a_folder_that_fails_to_be_read_is_an_error_and_not_empty(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    write(file, a=VERSION)
    monkeypatch.setattr("reconciler.config.include.os.scandir", fail)
    (found,) = file.errors(MAIN)
    assert found.startswith("reconciler.yaml:7:13: `workspaces` cannot be read: Permission denied")


def test_a_file_that_fails_to_be_read_is_an_error_and_not_missing(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("reconciler.config.include.read_regular", fail)
    (found,) = errors(file, a=VERSION)
    assert found.startswith("reconciler.yaml:7:13: `workspaces/a.yaml` cannot be read: Permission")


@pytest.mark.parametrize("patterns", [("a", "a"), ()])
def test_a_list_of_patterns_has_some_and_each_once(file: File, patterns: tuple[str, ...]) -> None:
    (found,) = file.errors(of(*patterns))
    assert "`include`" in found


@pytest.mark.parametrize("value", ["workspaces/*.yaml", "", "5"])
def test_what_is_neither_a_list_nor_a_workspace_includes_nothing(file: File, value: str) -> None:
    (found,) = file.errors(f"{VERSION}{DEFAULTS}workspaces:\n  include: {value}\n")
    assert found.startswith(
        ("reconciler.yaml:7:12: `include` ", "reconciler.yaml:7:11: `include` has")
    )


def test_a_name_is_given_once(file: File) -> None:
    main = f"{MAIN}  a: {{}}\n"
    twice = errors(file, main, a=VERSION, b=f"{VERSION}name: c\n", c=f"# x\n{VERSION}")
    there, again = "there is a workspace", "(give one of them another name)"
    assert twice == [
        f"workspaces/a.yaml:1:1: {there} `a` already, at reconciler.yaml:8:3 {again}",
        f"workspaces/c.yaml:2:1: {there} `c` already, at workspaces/b.yaml:2:7 {again}",
    ]


def test_a_file_needs_a_name_that_is_fit_for_a_workspace(file: File) -> None:
    files = {"a b": VERSION, "ok": VERSION, "x y": f"{VERSION}name: z\n"}
    (error,) = errors(file, **files)
    assert error == (
        "workspaces/a b.yaml:1:1: the name of this file, `a b`, cannot be the name of a workspace"
        " (such a name begins with a letter or digit and holds only those, `.`, `_` and `-`: rename"
        " the file, or add `name`)"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ": the file is empty (write a document into it)"),
        ("region: us-west-2\n", ":1:1: `apiVersion` is missing (add `apiVersion: reconciler/v1`)"),
        ("apiVersion: v2\n", ":1:13: `apiVersion` cannot be `v2`"),
        (f"{VERSION}regoin: x\n", ":2:1: unknown field `regoin` (did you mean `region`?)"),
        (f"{VERSION}---\n{VERSION}", ":3:1: a second document (a workspace is one document)"),
        ("[]", ":1:1: the document must be a mapping, not a list"),
        ("a: [", ":2:1: not YAML"),
        (f"{VERSION}name: ../x\n", ":2:7: `name` `../x` must begin with a letter or digit and"),
        (f"{VERSION}name: 5\n", ":2:7: `name` must be text, and YAML reads `5` as an integer"),
        (f"{VERSION}name: ''\n", ":2:7: `name` is empty"),
        (f"{VERSION}baseUrl: ftp://h\n", ":2:10: `baseUrl` does not begin with https://"),
        (f"{VERSION}limits: {{perCommand: {{}}}}\n", ":2:10: unknown field `perCommand`"),
        (
            f"{VERSION}region: us-west-2\nbaseUrl: https://h\n",
            ":1:1: the document needs exactly one of `region`, `baseUrl` and `sandbox`",
        ),
        (
            f"{VERSION}include: [x.yaml]\n",
            (
                ":2:1: `include` belongs into the configuration, not into a workspace file"
                " (move it to the file that has the `include`; known here: apiVersion, name, "
            ),
        ),
        (f"{VERSION}workspaces: {{}}\n", ":2:1: `workspaces` belongs into the configuration"),
        (f"{VERSION}defaults: {{}}\n", ":2:1: `defaults` belongs into the configuration"),
        (f"{VERSION}ledger: x\n", ":2:1: `ledger` belongs into the configuration"),
    ],
)
def test_what_is_wrong_in_a_file_is_reported_at_its_place(
    file: File, text: str, error: str
) -> None:
    (found,) = errors(file, a=text, b=VERSION)
    assert found.startswith(f"workspaces/a.yaml{error}")


def test_a_file_that_is_not_utf8_is_an_error_at_its_place(file: File) -> None:
    write(file, a=VERSION)
    (file.path.parent / "workspaces/b.yaml").write_bytes(b"# \xff")
    assert file.errors(MAIN)[0].startswith("workspaces/b.yaml:1:3: not UTF-8: byte 0xff")


@pytest.mark.parametrize(
    ("defaults", "errors_of_b"),
    [
        ("", ["`apiKey` is missing", "`b` needs exactly one of", "`manifests` is missing"]),
        ("defaults: {region: us-west-2, apiKey: {env: K}}\n", ["`manifests` is missing"]),
        ("defaults: {manifests: [m/], region: us-west-2}\n", ["`apiKey` is missing"]),
    ],
)
def test_a_file_that_lacks_something_is_an_error_where_it_begins(
    file: File, defaults: str, errors_of_b: list[str]
) -> None:
    main = f"{VERSION}{defaults}workspaces: {{include: [workspaces/*.yaml]}}\n"
    whole = f"{VERSION}sandbox: {{seed: s}}\nmanifests: [m/]\n"
    found = errors(file, main, a=whole, b=VERSION)
    assert len(found) == len(errors_of_b)
    for error, expected in zip(found, errors_of_b, strict=True):
        assert error.startswith(f"workspaces/b.yaml:1:1: {expected}")


def test_the_errors_of_all_files_are_reported(file: File) -> None:
    found = errors(file, a=f"{VERSION}x: 1\n", b=f"{VERSION}y: 1\n", c=f"{VERSION}timeZone: Z\n")
    assert [error.partition(": ")[0] for error in found] == [
        "workspaces/a.yaml:2:1",
        "workspaces/b.yaml:2:1",
        "workspaces/c.yaml:2:11",
    ]


def test_no_input_gets_the_key_of_a_workspace_in_a_file(file: File) -> None:
    main = f"{MAIN}inputs: {{hr: {{command: [x], format: csv, env: [KEY_B]}}}}\n"
    files = {name: f"{VERSION}apiKey: {{env: KEY_{name.upper()}}}\n" for name in "ab"}
    (error,) = errors(file, main, **files)
    assert error.startswith("reconciler.yaml:8:48: `KEY_B` holds the API key of workspace `b` (rem")


@pytest.mark.parametrize("value", ["hunter2", "{hunter2: x}", "{env: hunter-2}", "[hunter2]"])
def test_a_key_in_place_of_its_source_is_not_shown(file: File, value: str) -> None:
    found = errors(file, a=f"{VERSION}apiKey: {value}\n", b=VERSION)
    assert found
    assert not any("hunter" in error for error in found)
