"""The OpenAPI description, and the sandbox held against it by a tool that others wrote.

Schemathesis is imported where it is used, so that it does not slow down the other tests.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from reconciler.domain import Platform
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    SandboxServer,
    SandboxState,
    Seed,
    SeedUser,
)
from reconciler.sandbox.routes import ROUTES, SCHEMA, Credential
from tests.sandbox.conftest import ALICE, BOB, ROOT

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.specs.openapi.schemas import OpenApiSchema

PUBLISHED = Path(__file__).parents[2] / "schemas" / "sandbox.openapi.json"
KEY = {"Authorization": "Token key-of-the-tests"}
TOKEN = "x-recallcalendarauthtoken"
SEED = Seed(
    api_key="key-of-the-tests",
    behaviour=Behaviour(enforce_limits=False),
    users=(
        SeedUser(external_id=ALICE, connected={Platform.GOOGLE: ALICE}, meetings=2),
        SeedUser(external_id=BOB, connected={Platform.MICROSOFT: None}, preferences=None),
    ),
)
CREDENTIALS = {
    (route.path.replace(":uuid", ""), method): route.credential
    for route in ROUTES
    for method in route.listed
}
OPERATIONS = [operation for operation in CREDENTIALS if operation[0] != SCHEMA]
SECURITY: dict[Credential, list[dict[str, list[str]]]] = {
    Credential.API_KEY: [{"apiKey": []}],
    Credential.USER_TOKEN: [{"userToken": []}],
}


def _settings(examples: int, steps: int = 1) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    with SandboxState.open(tmp_path_factory.mktemp("openapi") / "sandbox.db") as state:
        state.seed(SEED)
        yield state


@pytest.fixture(scope="module")
def url(state: SandboxState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with SandboxServer(tmp_path_factory.getbasetemp() / "openapi0" / "sandbox.db") as server:
        yield server.url


@pytest.fixture(scope="module")
def schema(url: str) -> "OpenApiSchema":
    import schemathesis

    return schemathesis.openapi.from_url(url + SCHEMA)


def _token(url: str) -> str:
    answer = httpx.post(
        f"{url}{ROOT}/authenticate/", json={"user_id": ALICE}, headers=KEY, trust_env=False
    )
    return str(answer.raise_for_status().json()["token"])


def _credential(path: str, token: str) -> dict[str, str]:
    headers = {Credential.API_KEY: KEY, Credential.USER_TOKEN: {TOKEN: token}}
    (asked,) = {asked for (each, _), asked in CREDENTIALS.items() if each == path}
    return headers.get(asked, {})


def _unmet(case: "Case[Any]") -> list[Any]:
    """Checks that do not fit: what is asked for is right, but not at this moment."""
    from schemathesis.checks import CHECKS

    unsure = ("refresh", "oauth_callback", "oauth2")
    names = ["positive_data_acceptance"] if any(word in case.path for word in unsure) else []
    return [CHECKS.get_one(name) for name in names]


def _hold(schema: "OpenApiSchema", path: str, method: str, token: str, examples: int) -> None:
    """Call one endpoint with many requests, right ones and wrong ones, and check the answers."""
    headers = _credential(path, token)

    @_settings(examples)
    @hypothesis.given(case=schema[path][method].as_strategy())
    def hold(case: "Case[Any]") -> None:
        case.call_and_validate(headers=headers, excluded_checks=_unmet(case))

    hold()


def test_the_description_that_is_served_is_the_published_one(url: str) -> None:
    answer = httpx.get(url + SCHEMA, trust_env=False)
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == PUBLISHED.read_bytes()


def test_the_description_has_every_endpoint_with_its_credential(url: str) -> None:
    paths = httpx.get(url + SCHEMA, trust_env=False).json()["paths"]
    described = {
        (path, method.upper()): operation["security"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method != "parameters"
    }
    assert described == {key: SECURITY.get(asked, []) for key, asked in CREDENTIALS.items()}


def test_the_description_is_valid_openapi(schema: "OpenApiSchema") -> None:
    schema.validate()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_endpoint_does_as_its_description_says(
    state: SandboxState, url: str, schema: "OpenApiSchema", path: str, method: str
) -> None:
    state.seed(SEED)
    _hold(schema, path, method, _token(url), examples=12)


def test_what_links_lead_to_does_as_its_description_says(
    state: SandboxState, url: str, schema: "OpenApiSchema"
) -> None:
    state.seed(SEED)
    token = _token(url)
    followed: set[str] = set()
    reached: set[str] = set()

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            state.seed(SEED)  # each example begins alike, as Hypothesis asks
            super().setup()

        def teardown(self) -> None:
            reached.update(entry.endpoint for entry in state.log())
            super().teardown()

        def get_call_kwargs(self, case: "Case[Any]") -> dict[str, Any]:
            credential = _credential(case.operation.path, token)
            if TOKEN in credential and case.headers.get(TOKEN, "").startswith("eyJ"):
                followed.add(case.operation.label)  # with a token that came by a link
                credential = {TOKEN: case.headers[TOKEN]}
            case.headers.update(credential)
            return {"headers": credential}

        def validate_response(self, response: Any, case: "Case[Any]", **kwargs: Any) -> None:
            if _unmet(case):
                case.validate_response(response, excluded_checks=_unmet(case))
            else:
                super().validate_response(response, case, **kwargs)

    run_state_machine_as_test(Machine, settings=_settings(20, steps=8))
    assert followed
    assert reached >= {"authenticate", "update_meeting"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.MALFORMED_ROW, times="forever"),
        Fault(kind=FaultKind.NOT_JSON, times="forever"),
        Fault(kind=FaultKind.STATUS, status=418, times="forever"),
        Fault(kind=FaultKind.TRUNCATED_BODY, times="forever"),
    ],
    ids=lambda fault: fault.kind.value,
)
def test_a_sandbox_that_disobeys_its_description_is_found_out(
    state: SandboxState, url: str, schema: "OpenApiSchema", fault: Fault
) -> None:
    from schemathesis.core.failures import FailureGroup

    state.seed(SEED)
    state.add_fault(fault)
    with pytest.raises(FailureGroup):
        _hold(schema, f"{ROOT}/users/", "GET", "", examples=1)
