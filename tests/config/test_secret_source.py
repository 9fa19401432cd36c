"""Getting a secret, the API key above all, and never telling it."""

import os
import sys
from pathlib import Path

import pytest

from reconciler.config import (
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    SecretSource,
    resolve_key,
    secret_source,
)
from reconciler.domain import InvalidInput, Secret, SourceLocation

HERE = SourceLocation("reconciler.yaml", 6, 5)


def environment(value: str | None) -> tuple[SecretSource, dict[str, str]]:
    return SecretFromEnvironment("KEY", HERE), {} if value is None else {"KEY": value}


def command(folder: Path, program: str) -> SecretFromCommand:
    return SecretFromCommand((sys.executable, "-c", program), folder, HERE)


def error(source: SecretSource, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        resolve_key(source, environ or {})
    return str(caught.value)


@pytest.mark.parametrize("text", ["s3cret", "s3cret\n", "s3cret\r\n"])
def test_the_key_is_what_the_variable_holds_without_its_line_end(text: str) -> None:
    assert resolve_key(*environment(text)) == Secret("s3cret")


def test_a_variable_that_is_not_set_is_an_error_at_the_configuration() -> None:
    assert error(*environment(None)) == (
        "reconciler.yaml:6:5: the environment variable KEY for the API key is not set"
        " (export KEY=…)"
    )


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_variable_is_an_error(text: str) -> None:
    assert "the environment variable KEY is empty" in error(*environment(text))


@pytest.mark.parametrize(
    "text", ["s3 cret", "s3cret\n\n", " s3cret", "s3cret\x07", "s3crét", "\ufeffs3cret", "s3\tcret"]
)
def test_a_key_that_no_header_can_carry_is_an_error_that_does_not_tell_it(text: str) -> None:
    shown = error(*environment(text))
    assert "holds spaces, line ends or characters that are not ASCII" in shown
    assert "s3" not in shown


def test_the_key_is_what_the_file_holds(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert resolve_key(SecretFromFile(tmp_path / "key", HERE), {}) == Secret("s3cret")


@pytest.mark.parametrize("text", ["Token s3cret", "token s3cret\n", "Authorization: Token s3cret"])
def test_a_key_that_was_stored_with_the_word_token_says_to_leave_it_out(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "key").write_text(text)
    shown = error(SecretFromFile(tmp_path / "key", HERE))
    assert "begins with the word Token (leave out the word Token" in shown
    assert "s3cret" not in shown


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    shown = error(SecretFromFile(tmp_path / "key", HERE))
    assert "cannot be read: No such file or directory (check the path" in shown


def test_a_file_that_is_not_text_is_an_error_that_does_not_tell_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"s3cret\xff")
    shown = error(SecretFromFile(tmp_path / "key", HERE))
    assert "characters that are not ASCII" in shown
    assert "s3" not in shown


def test_the_key_is_what_the_command_prints(tmp_path: Path) -> None:
    program = "import os; print(os.environ['PART'] + os.path.basename(os.getcwd()))"
    (tmp_path / "cret").mkdir()
    source = command(tmp_path / "cret", program)
    assert resolve_key(source, {"PART": "s3"}) == Secret("s3cret")


def test_a_command_that_fails_is_an_error_that_does_not_tell_what_it_printed(
    tmp_path: Path,
) -> None:
    shown = error(command(tmp_path, "print('s3cret'); raise SystemExit(3)"))
    assert "ended with status 3 (run it by hand to see why)" in shown
    assert "s3cret" not in shown


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    shown = error(SecretFromCommand(("no-such-program-anywhere",), tmp_path, HERE))
    assert "`no-such-program-anywhere` for the API key cannot be run: No such file" in shown


def test_a_command_that_prints_nothing_is_an_error(tmp_path: Path) -> None:
    assert "printed is empty" in error(command(tmp_path, ""))


def test_a_command_that_takes_too_long_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_source, "COMMAND_SECONDS", 0.03)
    shown = error(command(tmp_path, "import time; time.sleep(60)"))
    assert "took longer than 0.03 seconds (run it by hand)" in shown


def test_a_named_pipe_is_an_error_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key")
    shown = error(SecretFromFile(tmp_path / "key", HERE))
    assert "is not a regular file (name a file that holds the API key alone)" in shown


def test_a_file_that_is_larger_than_any_key_is_refused_and_not_cut(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * (64 * 1024))
    assert len(resolve_key(SecretFromFile(tmp_path / "key", HERE), {}).reveal()) == 64 * 1024
    (tmp_path / "key").write_bytes(b"k" * (64 * 1024 + 1))
    shown = error(SecretFromFile(tmp_path / "key", HERE))
    assert "is larger than 64 KiB (it must be the API key alone)" in shown


def test_a_command_that_prints_without_end_is_refused_and_ended(tmp_path: Path) -> None:
    shown = error(command(tmp_path, "while True: print('k' * 1000)"))
    assert "printed is larger than 64 KiB (it must be the API key alone)" in shown


def test_a_command_that_closes_its_output_and_goes_on_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_source, "COMMAND_SECONDS", 0.5)
    shown = error(command(tmp_path, "import os, time; os.close(1); time.sleep(60)"))
    assert "took longer than 0.5 seconds" in shown
