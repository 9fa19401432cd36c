"""What the image holds, and what it says of itself."""

import json
from typing import Any

import pytest

import reconciler
from tests.image.containers import Engine

MOST_BYTES = 200_000_000

INSTALLED = """
import importlib.metadata, json
print(json.dumps(sorted((each.name, each.version) for each in importlib.metadata.distributions())))
"""
NOT_COMPILED = """
import importlib.util, json, pathlib
for folder in (pathlib.Path("/opt/reconciler/lib"), pathlib.Path(json.__file__).parents[1]):
    for path in folder.rglob("*.py"):
        if not pathlib.Path(importlib.util.cache_from_source(path)).exists():
            print(path)
"""
WRITABLE = """
import os
for folder, folders, files in os.walk("/"):
    folders.sort()
    folders[:] = [each for each in folders if not os.path.ismount(os.path.join(folder, each))]
    for path in (folder, *(os.path.join(folder, each) for each in files)):
        if os.access(path, os.W_OK) and not os.path.islink(path):
            print(path)
"""


def python(engine: Engine, program: str, *options: str, locked_up: bool = True) -> str:
    """What a Python program prints in a container."""
    asked = ("--entrypoint", "python", *options)
    ended = engine.run("-c", program, options=asked, locked_up=locked_up)
    assert ended.status == 0, ended.err
    return ended.out


@pytest.fixture(scope="module")
def bom(engine: Engine) -> Any:
    path = "/usr/share/sbom/calendar-reconciler.cdx.json"
    return json.loads(python(engine, f"print(open('{path}').read())"))


def test_it_says_its_version(engine: Engine) -> None:
    ended = engine.run("--version")
    assert (ended.status, ended.out) == (0, f"calendar-reconciler {reconciler.__version__}\n")


def test_it_is_small(engine: Engine) -> None:
    assert engine.inspect()["Size"] <= MOST_BYTES


@pytest.mark.parametrize("program", ["/bin/sh", "/bin/bash", "/usr/bin/apt", "/usr/bin/perl"])
def test_it_has_no_shell_and_no_package_manager(engine: Engine, program: str) -> None:
    ended = engine.run("-c", "true", options=("--entrypoint", program))
    assert ended.status in (126, 127)


def test_it_runs_as_an_account_without_rights(engine: Engine) -> None:
    assert python(engine, "import os; print(os.getuid(), os.getgid())") == "65532 65532\n"


def test_nothing_can_be_written_but_the_folders_for_it(engine: Engine) -> None:
    assert python(engine, WRITABLE, locked_up=False).split() == ["/ledger", "/tmp"]


def test_every_module_is_compiled(engine: Engine) -> None:
    assert python(engine, NOT_COMPILED) == ""


def test_its_labels_name_version_and_licence(engine: Engine) -> None:
    labels = engine.inspect()["Config"]["Labels"]
    said = {name.rpartition(".")[2]: text for name, text in labels.items()}
    assert said["title"] == "calendar-reconciler"
    assert said["version"] == reconciler.__version__
    assert said["licenses"] == "Apache-2.0"
    assert said["revision"]


def test_the_bill_of_materials_names_everything_that_is_installed(engine: Engine, bom: Any) -> None:
    root = bom["metadata"]["component"]
    named = {(each["name"], each["version"]) for each in bom["components"]}
    installed = {(name, version) for name, version in json.loads(python(engine, INSTALLED))}
    assert root["name"] == "calendar-reconciler"
    assert installed - named == {("calendar-reconciler", reconciler.__version__)}
    assert {"psycopg-binary", "prometheus_client"} <= {name for name, _ in installed}


def test_the_bill_of_materials_names_the_system_packages_that_scanners_find(
    engine: Engine, bom: Any
) -> None:
    listed = python(engine, "import os; print(*os.listdir('/var/lib/dpkg/status.d'))").split()
    packages = {each["name"] for each in bom["components"] if each["purl"].startswith("pkg:deb/")}
    assert packages == set(listed)
    assert "libc6" in packages


def test_an_address_of_a_package_index_is_nowhere_in_its_history(engine: Engine) -> None:
    history = engine.call("history", "--no-trunc", engine.image).out
    assert "pip" not in history.lower()
