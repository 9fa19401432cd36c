"""Errors of manifests carry the line that they are about, those of a configuration do not."""

from pathlib import Path

import pytest

from reconciler.config import load_configuration
from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.domain.text import visible
from reconciler.manifest import load_manifests
from reconciler.manifest.loader import MOST_EXCERPTS, with_excerpts

HEAD = "apiVersion: reconciler/v1\nusers:\n"


def errors(folder: Path, data: bytes) -> tuple[Diagnostic, ...]:
    file = folder / "people.yaml"
    file.write_bytes(data)
    with pytest.raises(InvalidInput) as raised:
        load_manifests([file], relative_to=folder)
    return raised.value.diagnostics


@pytest.mark.parametrize("begins", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_an_error_carries_its_line(tmp_path: Path, begins: bytes, ends: bytes) -> None:
    text = f"{HEAD}  - id: a\n    platforms: [gogle]\n".encode().replace(b"\n", ends)
    (found,) = errors(tmp_path, begins + text)
    assert found.location == SourceLocation("people.yaml", 4, 17)
    assert found.excerpt == "    platforms: [gogle]"


def test_a_file_that_is_no_yaml_shows_the_line_too(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, b"users: [a, {b\n")
    assert found.excerpt is not None


def test_a_file_that_is_no_text_shows_what_can_be_shown(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, b"users:\n  - id: \xff\n")
    assert found.excerpt == "  - id: \ufffd"


def test_of_very_many_errors_the_first_carry_their_lines(tmp_path: Path) -> None:
    found = errors(
        tmp_path, (HEAD + "  - id: a\n    platfrms: []\n" * (MOST_EXCERPTS + 1)).encode()
    )
    shown = [error.excerpt is not None for error in found]
    assert shown.count(True) == MOST_EXCERPTS
    assert all(shown[:MOST_EXCERPTS])


def test_a_place_that_is_not_there_any_more_is_reported_without_its_line(tmp_path: Path) -> None:
    gone = Diagnostic(SourceLocation("gone.yaml", 3, 1), "wrong")
    (tmp_path / "short.yaml").write_text("one\n")
    short = Diagnostic(SourceLocation("short.yaml", 30, 1), "wrong")
    whole = Diagnostic(SourceLocation("short.yaml"), "wrong")
    nowhere = Diagnostic(None, "wrong")
    given = [gone, short, whole, nowhere]
    assert list(with_excerpts(given, tmp_path, {"gone.yaml", "short.yaml"})) == given


def test_no_line_of_a_configuration_is_shown_for_it_may_hold_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "reconciler.yaml"
    file.write_text("apiVersion: reconciler/v1\nworkspaces:\n  prod: {apiKey: sk-secret}\n")
    with pytest.raises(InvalidInput) as raised:
        load_configuration(file)
    assert [error.excerpt for error in raised.value.diagnostics if error.excerpt] == []


def test_an_emoji_in_an_error_is_shown_as_it_is_and_a_joiner_elsewhere_as_its_escape() -> None:
    assert visible("a\u200d👩\u200d🚀\u202e") == "a\\u200d👩\u200d🚀\\u202e"


def test_an_error_in_an_export_shows_nobody_s_row(tmp_path: Path) -> None:
    (tmp_path / "hr.csv").write_text("mail,salary\n,90000\n", encoding="utf-8")
    source = b"sources: [{name: hr, file: hr.csv, id: mail}]\n"
    (found,) = errors(tmp_path, b"apiVersion: reconciler/v1\n" + source)
    assert found.location == SourceLocation("hr.csv", 2)
    assert found.excerpt is None


def test_an_export_that_is_no_text_shows_nobody_s_row_either(tmp_path: Path) -> None:
    (tmp_path / "hr.csv").write_bytes(b"mail,salary\na,90000\xff\n")
    source = b"sources: [{name: hr, file: hr.csv, id: mail}]\n"
    (found,) = errors(tmp_path, b"apiVersion: reconciler/v1\n" + source)
    assert found.location is not None
    assert (found.location.file, found.excerpt) == ("hr.csv", None)
