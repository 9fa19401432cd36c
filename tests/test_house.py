"""House rules that no tool checks: modules say why they exist, are named, and stay small."""

import ast
from pathlib import Path

import reconciler

PACKAGE = Path(reconciler.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
LONGEST = 400


def shown(modules: list[Path]) -> list[str]:
    return [str(module.relative_to(PACKAGE.parent)) for module in modules]


def test_the_package_is_found() -> None:
    assert "reconciler/domain/platform.py" in shown(MODULES)


def test_every_module_says_why_it_exists() -> None:
    silent = [m for m in MODULES if not ast.get_docstring(ast.parse(m.read_text("utf-8")))]
    assert shown(silent) == []


def test_no_module_or_package_has_a_name_that_says_nothing() -> None:
    nameless = [
        module
        for module in MODULES
        if NAMELESS & {part.removesuffix(".py") for part in module.relative_to(PACKAGE).parts}
    ]
    assert shown(nameless) == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [m for m in MODULES if len(m.read_text("utf-8").splitlines()) > LONGEST]
    assert shown(long) == []
