"""Where the configuration is looked for."""

from pathlib import Path

import pytest

from reconciler.config import find_configuration, load_configuration
from reconciler.domain import InvalidInput


def touch(path: Path) -> Path:
    path.write_text("")
    return path


def test_the_option_counts_before_the_variable_and_the_folder(tmp_path: Path) -> None:
    touch(tmp_path / "reconciler.yaml")
    touch(tmp_path / "e.yaml")
    option = touch(tmp_path / "o.yaml")
    environ = {"RECONCILER_CONFIG": "e.yaml"}
    assert find_configuration(Path("o.yaml"), environ, tmp_path) == option
    assert find_configuration(option, environ, tmp_path) == option


def test_the_variable_counts_before_the_folder(tmp_path: Path) -> None:
    touch(tmp_path / "reconciler.yaml")
    named = touch(tmp_path / "e.yaml")
    assert find_configuration(None, {"RECONCILER_CONFIG": "e.yaml"}, tmp_path) == named


@pytest.mark.parametrize("environ", [{}, {"RECONCILER_CONFIG": ""}])
def test_the_working_folder_is_looked_at_last(tmp_path: Path, environ: dict[str, str]) -> None:
    expected = touch(tmp_path / "reconciler.yaml")
    assert find_configuration(None, environ, tmp_path) == expected


def message(explicit: Path | None, environ: dict[str, str], cwd: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        find_configuration(explicit, environ, cwd)
    return str(caught.value)


def test_without_any_all_places_are_named(tmp_path: Path) -> None:
    shown = message(None, {}, tmp_path)
    assert "--config (not given)" in shown
    assert "RECONCILER_CONFIG (not set)" in shown
    assert f"{tmp_path}/reconciler.yaml" in shown


def test_what_is_named_and_not_there_is_not_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "reconciler.yaml")
    assert "gone.yaml (--config)" in message(Path("gone.yaml"), {}, tmp_path)
    shown = message(None, {"RECONCILER_CONFIG": "gone.yaml"}, tmp_path)
    assert "gone.yaml (RECONCILER_CONFIG)" in shown


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    found = find_configuration(tmp_path, {}, tmp_path)
    with pytest.raises(InvalidInput, match=r"cannot be read"):
        load_configuration(found)


def test_a_path_that_the_system_refuses_is_reported_by_the_reader(tmp_path: Path) -> None:
    found = find_configuration(tmp_path / ("x" * 300), {}, tmp_path)
    with pytest.raises(InvalidInput, match=r"cannot be read: File name too long"):
        load_configuration(found)
