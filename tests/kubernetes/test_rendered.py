"""The objects fit the schemas of Kubernetes, and the chart and the overlays are of one kind."""

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from reconciler.domain import PostgresqlDatabase
from reconciler.ledger import LedgerUnreachable, open_ledger
from tests.kubernetes.objects import (
    CONFIGURATION,
    GIT,
    IMAGE,
    SOURCES,
    Object,
    chart,
    helm,
    of_kind,
)
from tests.postgresql import ROLE, Cluster

VERSIONS = ("1.33", "1.35", "1.37")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_fits_the_schema(objects: list[Object], version: str) -> None:
    for each in objects:
        assert kubernetes_validate.validate(each, version, strict=True) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_does_not_exist_is_noticed(version: str) -> None:
    (drift, _) = of_kind(copy.deepcopy(SOURCES["files"]()), "CronJob")
    drift["spec"]["jobTemplate"]["spec"]["backoffLimitPerIndx"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(drift, version, strict=True)


def comparable(objects: list[Object]) -> list[str]:
    """What objects do, without what they are called; the same policy of each overlay once."""

    def nameless(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: nameless(value[key]) for key in sorted(value)}
            return {"name": "…"} if set(kept) == {"name"} else kept  # of a ConfigMap
        if isinstance(value, list):
            return sorted((nameless(each) for each in value), key=repr)
        return value

    wanted = [each for each in objects if each["kind"] != "ConfigMap"]
    return sorted({f"{each['kind']} {nameless(each['spec'])}" for each in wanted})


@pytest.mark.parametrize(
    ("kustomize", "settings"), [("kustomize", (IMAGE,)), ("kustomize with git-sync", GIT)]
)
def test_the_chart_renders_what_the_overlays_do(kustomize: str, settings: tuple[str, ...]) -> None:
    by_chart = comparable(chart(*settings))
    assert by_chart == comparable(SOURCES[kustomize]())
    assert len(by_chart) == 5


def test_the_configuration_of_the_chart_has_another_name_once_it_changes(tmp_path: Path) -> None:
    other = tmp_path / "reconciler.yaml"
    other.write_text(CONFIGURATION.read_text("utf-8") + "# changed\n", "utf-8")
    names = set()
    for file in (CONFIGURATION, other):
        status, out, _ = helm(IMAGE, configuration=file)
        assert status == 0
        names |= {line for line in out.splitlines() if "name: reconciler-config-" in line.strip()}
    assert len({name.strip() for name in names}) == 2


@pytest.mark.parametrize(
    ("settings", "configuration", "said"),
    [
        ([IMAGE], None, "give the configuration"),
        ([], CONFIGURATION, "name manifests.image or manifests.git.repository"),
        ([IMAGE, *GIT], CONFIGURATION, "name either"),
        ([GIT[0]], CONFIGURATION, "name manifests.git.commit"),
    ],
)
def test_the_chart_refuses_what_would_leave_pods_without_their_files(
    settings: list[str], configuration: Path | None, said: str
) -> None:
    status, _, err = helm(*settings, configuration=configuration)
    assert status != 0
    assert said in err


def test_the_password_of_the_ledger_can_be_in_the_file_that_a_secret_gives(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq reads no PGPASSFILE that a group can read, which files of a Secret always are."""
    file = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    with cluster.database() as place:
        served = PostgresqlDatabase(f"{place.url}?service=ledger")
        for password, opens in ((cluster.password, True), ("wrong", False)):
            file.write_text(f"[ledger]\nuser={ROLE}\npassword={password}\n", "utf-8")
            file.chmod(0o440)
            if opens:
                with open_ledger(served, create=True):
                    pass
            else:
                with pytest.raises(LedgerUnreachable), open_ledger(served, create=True):
                    pass
            file.chmod(0o600)
