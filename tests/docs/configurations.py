"""Loads what the documentation shows of configurations, with the files that it only mentions."""

import re
from pathlib import Path

from reconciler.config import Configuration, load_configuration

_WORKSPACE_FILE = "# yaml-language-server: $schema=../schemas/workspace.schema.json\n"
_MAIN = (
    "apiVersion: reconciler/v1\n"
    "defaults: {region: us-west-2, apiKey: {env: KEY}, manifests: [m/]}\n"
    "workspaces: {include: [workspaces/*.yaml]}\n"
)


def is_workspace_file(text: str) -> bool:
    """Whether ``text`` is shown as a file that a configuration includes."""
    return text.startswith(_WORKSPACE_FILE)


def load_example(folder: Path, text: str) -> Configuration:
    """The configuration ``text`` with a workspace to include, or one that includes ``text``."""
    included = is_workspace_file(text)
    if included or re.search(r"^ +include: \[workspaces/", text, re.MULTILINE):
        (folder / "workspaces").mkdir()
        file = folder / "workspaces" / "acme.yaml"
        file.write_text(text if included else "apiVersion: reconciler/v1\n", encoding="utf-8")
    path = folder / "reconciler.yaml"
    path.write_text(_MAIN if included else text, encoding="utf-8")
    return load_configuration(path)
