"""The validator that clears documents and the one that explains them give the same verdict."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.domain import InvalidInput
from reconciler.manifest import load_manifests, schema
from tests.manifest.folder import HEAD, Folder

TEXT = st.one_of(
    st.sampled_from(["", " ", "a", "a\n", "\n", "\x07", "\x1c", "\x85", "\u00a0", "\u2028", "é"]),
    st.text(alphabet="aA0 \n\x07\x85é*_-", max_size=5),
)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT
).filter(lambda value: value not in (float("inf"), float("-inf")))
PLATFORMS = st.lists(
    st.sampled_from(["google", "microsoft", "google_calendar", 1, None]), max_size=3
)
FIELDS = {
    "platforms": PLATFORMS | ODD,
    "handover": st.sampled_from(["wait", "immediate", "now"]) | ODD,
    "reason": TEXT | ODD,
    "preferences": st.dictionaries(
        st.sampled_from(["record_external", "bot_name", "record_x"]), ODD, max_size=3
    )
    | ODD,
}
LEVEL = st.fixed_dictionaries({}, optional=FIELDS)
IDENTITY = {"id": TEXT | ODD, "group": TEXT | ODD, "x": ODD}
USER = st.fixed_dictionaries({}, optional=IDENTITY | FIELDS)
MANIFESTS = st.fixed_dictionaries(
    {},
    optional={
        "apiVersion": st.sampled_from(["reconciler/v1", "v1", None]),
        "defaults": LEVEL | ODD,
        "groups": st.dictionaries(TEXT, LEVEL | ODD, max_size=2) | ODD,
        "users": st.lists(USER | ODD, max_size=3) | ODD,
        "other": ODD,
    },
)
WORKSPACES = st.fixed_dictionaries(
    {"manifests": st.lists(TEXT | ODD, max_size=2) | ODD},
    optional={
        "region": st.sampled_from(["us-west-2", "us-west-3"]) | ODD,
        "baseUrl": TEXT,
        "sandbox": st.fixed_dictionaries({"seed": TEXT}, optional={"state": ODD}) | ODD,
        "apiKey": st.dictionaries(
            st.sampled_from(["env", "file", "command", "x"]), TEXT | st.lists(TEXT), max_size=2
        )
        | ODD,
        "limits": st.dictionaries(
            st.sampled_from(["maxDisconnects", "maxDisconnectPercent"]), ODD | st.integers(-2, 102)
        ),
        "protected": st.lists(TEXT | ODD, max_size=3),
        "rateLimits": st.dictionaries(
            st.sampled_from(["share", "list", "authenticate", "user"]), ODD | st.floats(-1, 2)
        ),
        "timeouts": st.dictionaries(st.sampled_from(["connectSeconds", "planExpiryHours"]), ODD),
    },
)
CONFIGS = st.fixed_dictionaries(
    {"workspaces": st.dictionaries(TEXT, WORKSPACES, max_size=2) | ODD},
    optional={
        "apiVersion": st.sampled_from(["reconciler/v1", "v1"]),
        "defaultWorkspace": ODD,
        "ledger": st.sampled_from(["sqlite:///x", "sqlite:///", "postgresql+psycopg://h/d"]) | ODD,
    },
)

FAST = {name: jsonschema_rs.Draft202012Validator(schema(name)) for name in ("manifest", "config")}
THOROUGH = {name: Draft202012Validator(schema(name)) for name in ("manifest", "config")}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MANIFESTS)
def test_both_validators_agree_on_manifests(document: object) -> None:
    assert FAST["manifest"].is_valid(document) == THOROUGH["manifest"].is_valid(document)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONFIGS)
def test_both_validators_agree_on_configurations(document: object) -> None:
    assert FAST["config"].is_valid(document) == THOROUGH["config"].is_valid(document)


@pytest.mark.parametrize("name", ["manifest", "config"])
def test_the_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", ["manifest", "config"])
def test_the_examples_of_the_schemas_are_valid(name: str) -> None:
    examples = schema(name)["examples"]
    assert isinstance(examples, list)
    for example in examples:
        assert FAST[name].is_valid(example)
        assert THOROUGH[name].is_valid(example)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MANIFESTS)
def test_what_is_not_valid_is_explained_and_what_is_valid_is_not(document: object) -> None:
    """The documents as JSON, which is YAML: the reader's verdict is the schema's, or stricter."""
    valid = THOROUGH["manifest"].is_valid(document)
    explained = _explained(json.dumps(document, ensure_ascii=False))
    # What is valid can still break a rule that is no schema's: ids twice, groups, reasons.
    rules = ("declared twice", "is defined in no manifest", "no `reason`")
    broken = [line for line in explained if not any(rule in line for rule in rules)]
    assert bool(broken) is not valid
    assert all(line.isprintable() for line in explained)


def _explained(text: str) -> list[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "m.yaml")
        # As escapes, because YAML does not take every character of JSON as it is.
        path.write_text(json.dumps(json.loads(text)), encoding="utf-8")
        try:
            load_manifests([path], relative_to=Path(folder))
        except InvalidInput as error:
            return [str(diagnostic) for diagnostic in error.diagnostics]
    return []


def test_a_line_end_after_an_id_is_refused(
    folder: Folder,
) -> None:
    assert len(folder.errors_of(HEAD + 'users: [{id: "a\\n"}]')) == 1
