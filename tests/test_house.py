"""House rules that no tool checks: modules are named, explained and small; the words are plain."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

import reconciler
from tests.docs.markdown import ROOT, Page, pages

PACKAGE = Path(reconciler.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}
LONGEST = 400


def shown(modules: list[Path]) -> list[str]:
    return [str(module.relative_to(PACKAGE.parent)) for module in modules]


def test_the_package_is_found() -> None:
    assert "reconciler/domain/state.py" in shown(MODULES)


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


def test_a_class_name_is_in_one_room_only() -> None:
    rooms: dict[str, set[str]] = {}
    for module in MODULES:
        room = module.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms.setdefault(node.name, set()).add(room)
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = [m for m in MODULES if len(m.read_text("utf-8").splitlines()) > LONGEST]
    assert shown(long) == []


PLAIN: Final = (
    "schemas/config.schema.json",
    "schemas/manifest.schema.json",
    "reconciler",
)
"""Files and folders beside the pages that keep to the words of the glossary."""

PUBLISHED: Final = r'field\(name="\w+"\)|rename=\{[^}]*\}|tag="\w+"'
"""Names that published documents keep: no words of the code."""

PRONOUNS: Final = ("he", "him", "his", "himself", "whom")


def plain_texts() -> Iterator[tuple[str, str]]:
    """Name and text of all that is written in the words of the glossary, code spans left out."""
    for page in pages():
        yield str(page.path.relative_to(ROOT)), page.prose
    for name in PLAIN:
        place = ROOT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in {".py", ".json", ".yaml"}:
                text = re.sub(r"`+[^`]+`+", "", path.read_text("utf-8"))
                text = re.sub(PUBLISHED, "", text)
                yield str(path.relative_to(ROOT)), text


def retired_words() -> list[str]:
    """The words in the first column of the table of the glossary."""
    table = Page(ROOT / "docs/glossary.md").text.partition("\n## Retired words\n")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]


def uses(words: Iterable[str], text: str) -> list[str]:
    """The ``words`` that ``text`` has, whatever their case and wherever its lines break."""
    any_of = "|".join(re.escape(word) for word in words).replace(r"\ ", r"\s+")
    return re.findall(rf"\b(?:{any_of})\b", text, re.IGNORECASE)


TEXTS: Final = list(plain_texts())


def test_the_glossary_has_retired_words() -> None:
    assert {"crew", "lanes", "stands in"} <= set(retired_words())


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_no_text_uses_a_retired_word(name: str, text: str) -> None:
    assert uses(retired_words(), text) == [], name


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_people_are_they_in_every_text(name: str, text: str) -> None:
    assert uses(PRONOUNS, text) == [], name


@pytest.mark.parametrize("text", ["It Stands\nin a file.", "a lane", "(TOLD)"])
def test_a_retired_word_is_found_in_any_case_and_across_lines(text: str) -> None:
    assert uses(retired_words(), text)


def test_a_word_that_holds_a_retired_one_is_not_taken_for_it() -> None:
    assert uses(retired_words(), "planets, a history, untold") == []
