"""Manifests that we write: the loader reads back exactly what was meant, whatever the ids are."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.domain import PREFERENCE_FIELDS, Handover, Platform, Preferences
from reconciler.manifest.manifest_text import ManifestEntry, is_writable, manifest_text
from tests.manifest.folder import Folder

FLAGS = [name for name in PREFERENCE_FIELDS if name != "bot_name"]

# What YAML, of whatever version, may read as something else than text, or end a text at.
TRAPS = [
    *("0042", "000009", "1e5", "0x1f", "0o17", "1_000", ".inf", "12:30", "2026-11-30", "1.5"),
    *("no", "Yes", "y", "on", "true", "null", "~", "NULL", "<<", "=", "-", "?", ":", "!", "&a"),
    *("a: b", "a #b", "# a", "- a", "{a}", "[a]", "*a", "|", ">", "%a", "@a", "`a", "'", '"', "\\"),
    *("---", "...", "'a'", '"a"', "a\\nb", "\\x41", "a'b", 'a"b', " a", "a ", "a:", ":a", "a,b"),
    *("-a@b.c", "@b.c", "a@", "a@b: c", "a@b #c", "zoë@x.com", "\U0001f600", "\ufffd", "a@b.c"),
    *("1@2", "1e5@3", "alice+x@example.com", "a" * 2000, "=cmd()", "\u202fx".strip()),
]

texts = (st.text(min_size=1) | st.sampled_from(TRAPS)).filter(is_writable)
preferences: st.SearchStrategy[Mapping[str, bool | str]] = st.dictionaries(
    st.sampled_from(FLAGS), st.booleans()
) | st.builds(dict, bot_name=texts)
entries = st.builds(
    ManifestEntry,
    id=texts,
    platforms=st.sampled_from([(), (Platform.GOOGLE,), tuple(Platform)]),
    preferences=preferences,
    remark=st.none() | st.text(),
)


def with_ids(*ids: str) -> list[ManifestEntry]:
    return [ManifestEntry(name) for name in ids]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(entries, max_size=8, unique_by=lambda entry: entry.id), st.lists(st.text()))
@example(with_ids(*filter(is_writable, TRAPS)), ["\nusers: 3", "\r\u2028\x85apiVersion: x"])
def test_the_loader_reads_back_exactly_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, written: list[ManifestEntry], comments: list[str]
) -> None:
    folder = Folder(Path(tmp_path_factory.mktemp("written")))
    read = folder.load_text(manifest_text(written, comments)).users
    assert [
        (user.id, user.platforms, user.handover, user.preferences, user.group)
        for user in read.values()
    ] == [
        (
            entry.id,
            frozenset(entry.platforms) or None,
            Handover.WAIT,
            Preferences(**entry.preferences) if entry.preferences else None,  # type: ignore[arg-type]
            None,
        )
        for entry in sorted(written, key=lambda entry: entry.id)
    ]


@given(texts)
@example("000009")
def test_an_id_is_the_same_text_for_any_yaml(name: str) -> None:
    text = manifest_text(with_ids(name), ())
    assert yaml.safe_load(text) == {"apiVersion": "reconciler/v1", "users": [{"id": name}]}


@given(st.text(), st.text())
def test_a_comment_is_one_line_with_nothing_unseen_in_it(comment: str, remark: str) -> None:
    lines = manifest_text([ManifestEntry("a", remark=remark)], [comment]).splitlines()
    assert len(lines) == 4
    assert all(line.isprintable() or "\ufe0f" in line or "\u200d" in line for line in lines)


def test_an_entry_is_a_block_of_a_line_a_field() -> None:
    written = [
        ManifestEntry("alice@example.com", (Platform.GOOGLE,)),
        ManifestEntry(
            "0042",
            tuple(Platform),
            {"record_external": True, "bot_name": "Scribe"},
            "mia@example.com",
        ),
    ]
    assert manifest_text(written, ["everyone"]) == (
        "# everyone\n"
        "apiVersion: reconciler/v1\n"
        "users:\n"
        "  - id: alice@example.com\n"
        "    platforms: [google]\n"
        '  - id: "0042"  # mia@example.com\n'
        "    platforms: [google, microsoft]\n"
        "    preferences:\n"
        "      record_external: true\n"
        '      bot_name: "Scribe"\n'
    )


def test_a_manifest_of_nobody_is_valid(tmp_path: Path) -> None:
    assert Folder(tmp_path).load_text(manifest_text([], ["nobody"])).users == {}


@pytest.mark.parametrize(
    "text", ["", " ", "\u2003", "a\nb", "a\x00", "\u202ea", "a\ud800", "\ue000"]
)
def test_what_nobody_can_see_is_not_writable(text: str) -> None:
    assert not is_writable(text)
