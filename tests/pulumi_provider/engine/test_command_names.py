"""The command under other names: a package's wrapper, and one of several versions."""

import os
import shutil
from pathlib import Path

from reconciler.domain import Platform
from tests.pulumi_provider.engine.stack import CLI, Stack
from tests.pulumi_provider.fleet_folder import BOTH, LEAVER_LOSES_GOOGLE


def executable(path: Path) -> Path:
    """The command as a file at ``path``."""
    assert CLI
    binary = Path(CLI).resolve()
    try:
        os.link(binary, path)
    except OSError:
        shutil.copy(binary, path)
    return path


def test_wrapped_and_renamed_commands_are_held_to_their_previews(
    by_user: Stack, tmp_path: Path
) -> None:
    wrapper = tmp_path / "pulumi"
    wrapped = executable(tmp_path / ".pulumi-wrapped")
    wrapper.write_text(f'#!/bin/sh\nexec "{wrapped}" "$@"\n')
    wrapper.chmod(0o755)
    by_user.cli = str(wrapper)
    assert by_user.run("config", "set", "requirePreview", "true") == 0
    assert by_user.up() == 0, by_user.out
    assert by_user.disconnects() == BOTH
    by_user.cli = str(executable(tmp_path / "iac-3.260"))
    by_user.connect("leaver@example.com", Platform.GOOGLE)
    assert by_user.up() == 0, by_user.out
    assert by_user.disconnects() == sorted([*BOTH, LEAVER_LOSES_GOOGLE])
