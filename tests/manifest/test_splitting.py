"""Splitting a manifest into documents and files never changes what is desired."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.domain import Declarations, DesiredUser, InvalidInput, SourceLocation
from reconciler.manifest import load_manifests

NOWHERE = SourceLocation("")
LEVEL = st.fixed_dictionaries(
    {},
    optional={
        "platforms": st.sampled_from([[], ["google"], ["microsoft"], ["google", "microsoft"]]),
        "handover": st.sampled_from(["wait", "immediate"]),
        "reason": st.sampled_from(["r", "s"]),
        "preferences": st.fixed_dictionaries(
            {}, optional={"record_external": st.booleans(), "bot_name": st.sampled_from("NM")}
        ),
    },
)
Fields = dict[str, Any]


@st.composite
def manifests(draw: st.DrawFn) -> Fields:
    groups = draw(st.dictionaries(st.sampled_from(["g", "h", "i"]), LEVEL, max_size=3))
    users = []
    for name in draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)):
        user: Fields = {"id": name, **draw(LEVEL)}
        joins: bool = draw(st.booleans())
        if groups and joins:
            user["group"] = draw(st.sampled_from(sorted(groups)))
        users.append(user)
    return {"defaults": draw(LEVEL), "groups": groups, "users": users}


def load(files: list[list[Fields]]) -> Declarations | set[str]:
    """What documents in files declare, without sources, or the users who lack a reason."""
    with TemporaryDirectory() as folder:
        for number, documents in enumerate(files):
            text = yaml.safe_dump_all([{"apiVersion": "reconciler/v1"} | d for d in documents])
            Path(folder, f"{number}.yaml").write_text(text, encoding="utf-8")
        try:
            state = load_manifests([Path(folder)])
        except InvalidInput as error:
            return {diagnostic.message for diagnostic in error.diagnostics}
    users: dict[str, DesiredUser] = {
        name: msgspec.structs.replace(user, place=NOWHERE) for name, user in state.users.items()
    }
    return Declarations(users, state.groups)


@given(manifests(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_split_manifest_declares_the_same(manifest: Fields, data: st.DataObject) -> None:
    parts: list[list[Fields]] = [[] for _ in range(data.draw(st.integers(1, 3)))]
    place = st.integers(0, len(parts) - 1)
    for name, group in manifest["groups"].items():
        parts[data.draw(place)].append({"groups": {name: group}})
    for user in manifest["users"]:
        # The defaults of a document are the defaults of its users, and go with them.
        parts[data.draw(place)].append({"defaults": manifest["defaults"], "users": [user]})
    files = [part or [{}] for part in parts]
    assert load(files) == load([[manifest]])
