"""The pages of the watch: who may see what, and what they say when little is known."""

import json

import httpx
import pytest

from reconciler.domain import Secret
from reconciler.sandbox import Fault, FaultKind, Match
from tests.cli.project import Project
from tests.watching.watched import Watched

TOKEN = "a-bearer-token-that-nobody-guesses"
PAGES = ["/metrics", "/healthz", "/readyz", "/", "/plan.json"]
PERSONAL = ["/", "/plan.json"]
ANYBODY = ["/metrics", "/healthz", "/readyz"]
OUTAGE = Fault(
    kind=FaultKind.STATUS, status=500, match=Match(endpoint="list_users"), times="forever"
)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_served_on_loopback(project: Project, path: str) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    with watched.served() as client:
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_takes_anything_but_get_and_head(project: Project, path: str, method: str) -> None:
    with Watched(project.folder).served() as client:
        assert client.request(method, path).status_code == 405


@pytest.mark.parametrize("path", PAGES)
def test_no_page_may_be_kept_guessed_or_framed(project: Project, path: str) -> None:
    with Watched(project.folder).served() as client:
        headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "server" not in headers


@pytest.mark.parametrize("path", PERSONAL)
def test_a_plan_is_not_served_elsewhere_without_a_token(project: Project, path: str) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    with watched.served("0.0.0.0") as client:
        answer = client.get(path)
    assert answer.status_code == 403
    assert "example.com" not in answer.text


@pytest.mark.parametrize("path", ANYBODY)
def test_metrics_and_health_are_served_anywhere_and_name_nobody(
    project: Project, path: str
) -> None:
    watched = Watched(project.folder, Secret(TOKEN))
    watched.cycle()
    project.write("manifests/people.yaml", "users: [{id: somebody@example.com}]\n")
    watched.cycle()
    with watched.served("0.0.0.0") as client:
        answer = client.get(path, headers={"host": "watch.example.com"})
    assert answer.status_code in (200, 503)
    assert "@" not in answer.text
    assert TOKEN not in answer.text


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize("path", PERSONAL)
def test_with_a_token_the_plan_is_for_those_who_have_it(
    project: Project, path: str, host: str
) -> None:
    watched = Watched(project.folder, Secret(TOKEN))
    watched.cycle()
    with watched.served(host) as client:
        assert client.get(path, headers=bearer(TOKEN)).status_code == 200
        for headers in ({}, bearer(TOKEN[:-1]), {"authorization": f"Basic {TOKEN}"}):
            refused = client.get(path, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
            assert "example.com" not in refused.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("[::1]:9464", 200),
        ("attacker.example", 421),
        ("127.0.0.1.attacker.example", 421),
        ("", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_a_name_that_leads_to_loopback_is_refused(
    project: Project, host: str, status: int, path: str
) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    with watched.served() as client:
        assert client.get(path, headers={"host": host}).status_code == status


def ready(client: httpx.Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.text


def test_before_the_first_cycle_nothing_is_known(project: Project) -> None:
    with Watched(project.folder).served() as client:
        assert ready(client) == (503, "the first cycle has not ended\n")
        assert client.get("/").status_code == 503
        assert "reconciler_users_declared" not in client.get("/metrics").text


def test_an_outage_shows_the_last_plan_with_its_age(project: Project) -> None:
    watched = Watched(project.folder)
    seen = watched.cycle().report
    assert seen is not None
    project.fail(OUTAGE)
    watched.cycle()
    with watched.served() as client:
        page, document = client.get("/"), client.get("/plan.json")
        status, reasons = ready(client)
        metrics = client.get("/metrics").text
    assert page.status_code == 200
    assert "the last plan that could be made" in page.text
    assert "leaver@example.com" in page.text
    assert document.status_code == 503
    assert document.json()["kind"] == "error"
    assert status == 503
    assert "the last cycle made no plan: server_error (HTTP 500); the last plan is of" in reasons
    assert 'reconciler_watch_up{workspace="trial"} 0.0' in metrics
    assert "reconciler_last_good_observation_timestamp_seconds" in metrics
    assert "reconciler_users_observed{" not in metrics


def test_broken_manifests_are_said_by_their_place_where_anybody_reads(project: Project) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    project.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\nusers:\n  - {id: new@example.com, platforms: [zoom]}\n",
    )
    watched.cycle()
    with watched.served() as client:
        status, reasons = ready(client)
        page = client.get("/").text
    assert status == 503
    assert "manifests/people.yaml:3:" in reasons
    assert "zoom" not in reasons
    assert page.index("zoom") < page.index("<h1")
    assert '<h1 class="faint">' in page


def test_the_plan_is_the_published_json(project: Project) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    with watched.served() as client:
        document = client.get("/plan.json").json()
    assert (document["kind"], document["summary"]["disconnect"]) == ("plan", 2) or json.dumps(
        document["summary"]
    )


def test_many_readers_at_once_all_get_the_same_page(project: Project) -> None:
    watched = Watched(project.folder)
    watched.cycle()
    with watched.served() as client:
        pages = {client.get("/").text for _ in range(20)}
    assert len(pages) == 1
