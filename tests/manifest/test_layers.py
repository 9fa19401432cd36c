"""The layers of one user: what each part of the manifests says of them, and where."""

import pytest

from reconciler.domain import Handover, Layer, LayerKind, Platform, Preferences
from reconciler.manifest import load_manifests
from tests.manifest.folder import HEAD, Folder

PEOPLE = (
    HEAD
    + """\
defaults: {platforms: [google], preferences: {bot_name: N}}
groups:
  sales: {handover: immediate, from: 2026-01-01}
users:
  - {id: alice, group: sales, reason: asked, sources: override}
  - {id: bob}
"""
)
ROWS = (
    HEAD
    + """\
groups:
  leavers: {reason: unused}
sources:
  - {name: hr, file: left.csv, id: mail, group: leavers, platforms: [], reason: "left {day}"}
users:
  - {id: alice, rules: apply, sources: override, until: 2025-12-31}
"""
)


def layers(folder: Folder, user: str) -> tuple[Layer, ...]:
    return load_manifests([folder.path], relative_to=folder.path, traced=user).layers


def gist(layer: Layer) -> tuple[object, ...]:
    return layer.kind, layer.name, str(layer.place), layer.declaration


@pytest.fixture
def whole(folder: Folder) -> Folder:
    folder.write("people.yaml", PEOPLE)
    folder.write("rows.yaml", ROWS)
    folder.write("left.csv", "mail,day\nalice,Monday\ncarol,Friday\n")
    return folder


def test_every_part_that_speaks_of_the_user_is_recorded_with_its_place(whole: Folder) -> None:
    assert [gist(layer) for layer in layers(whole, "alice")] == [
        (LayerKind.ENTRY, "alice", "people.yaml:6:5", 1),
        (LayerKind.GROUP, "sales", "people.yaml:4:3", 1),
        (LayerKind.DEFAULTS, "defaults", "people.yaml:2:1", 1),
        (LayerKind.ENTRY, "alice", "rows.yaml:7:5", 2),
        (LayerKind.ROW, "hr", "left.csv:2", 3),
        (LayerKind.SOURCE, "hr", "rows.yaml:5:5", 3),
        (LayerKind.GROUP, "leavers", "rows.yaml:3:3", 3),
    ]


def test_a_layer_has_what_it_sets_itself(whole: Folder) -> None:
    entry, group, defaults, ended, row, source, _ = layers(whole, "alice")
    assert (entry.platforms, entry.reason) == (None, "asked")
    assert group.handover is Handover.IMMEDIATE
    assert defaults.platforms == frozenset([Platform.GOOGLE])
    assert defaults.preferences == Preferences(bot_name="N")
    assert (row.reason, row.platforms) == ("left Monday", None)
    assert (source.reason, source.platforms) == (None, frozenset())
    assert (entry.window is None, ended.window is None, row.window) == (False, False, None)


@pytest.mark.parametrize(("user", "kinds"), [("bob", ["entry", "defaults"]), ("zoe", [])])
def test_nobody_else_is_recorded(whole: Folder, user: str, kinds: list[str]) -> None:
    assert [layer.kind for layer in layers(whole, user)] == kinds
    assert load_manifests([whole.path], relative_to=whole.path).layers == ()
