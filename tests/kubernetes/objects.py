"""The objects of ``deploy/``: as they are written, and as kustomize and Helm render them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
import yaml

from reconciler.domain import Exit

ROOT: Final = Path(__file__).parents[2]
KUSTOMIZE: Final = ROOT / "deploy" / "kustomize"
CHART: Final = ROOT / "deploy" / "helm" / "reconciler"
CONFIGURATION: Final = KUSTOMIZE / "base" / "reconciler.yaml"
OVERLAYS: Final = ("drift", "apply", "watch")

NO_KUSTOMIZE: Final = "neither kustomize nor kubectl is installed"
NO_HELM: Final = "Helm is not installed"
HOW_TO_INSTALL_KUSTOMIZE: Final = "go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
HOW_TO_INSTALL_HELM: Final = "go install helm.sh/helm/v3/cmd/helm@v3.18.6"

Object = dict[str, Any]


def _documents(text: str) -> list[Object]:
    return [each for each in yaml.safe_load_all(text) if each]


def _run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    with TemporaryDirectory() as home:  # nothing of whoever runs the tests counts
        environ = {"PATH": os.environ["PATH"], "HOME": home}
        return subprocess.run(arguments, capture_output=True, text=True, env=environ, check=False)


def build(folder: Path) -> list[Object]:
    """What kustomize makes of ``folder``."""
    if kustomize := shutil.which("kustomize"):
        command = [kustomize, "build"]
    elif kubectl := shutil.which("kubectl"):
        command = [kubectl, "kustomize"]
    else:
        pytest.skip(NO_KUSTOMIZE)
    done = _run([*command, str(folder)])
    assert done.returncode == 0, done.stderr
    return _documents(done.stdout)


def helm(*settings: str, configuration: Path | None = CONFIGURATION) -> "tuple[int, str, str]":
    """How ``helm template`` ends: its status, and what it wrote on both streams."""
    program = shutil.which("helm")
    if program is None:
        pytest.skip(NO_HELM)
    files = [] if configuration is None else [f"--set-file=files.reconciler\\.yaml={configuration}"]
    command = [program, "template", "r", str(CHART), "--kube-version", "1.35.0", *files]
    done = _run([*command, *(f"--set={setting}" for setting in settings)])
    return done.returncode, done.stdout, done.stderr


def chart(*settings: str) -> list[Object]:
    """What the chart renders with both workspaces of :data:`CONFIGURATION`, and ``settings``."""
    status, out, err = helm(
        "workspaces=2",
        "drift.parallelism=2",
        "apply.parallelism=2",
        "ledger.to[0].ipBlock.cidr=192.0.2.10/32",
        *settings,
    )
    assert status == 0, err
    return _documents(out)


def _written() -> list[Object]:
    files = [KUSTOMIZE / "base" / "network-policy.yaml"]
    files += [
        path for each in OVERLAYS for path in sorted((KUSTOMIZE / "overlays" / each).iterdir())
    ]
    objects = [document for path in files for document in _documents(path.read_text("utf-8"))]
    return [each for each in objects if each["kind"] != "Kustomization"]


def _overlays() -> list[Object]:
    return [each for name in OVERLAYS for each in build(KUSTOMIZE / "overlays" / name)]


def _overlays_with_git() -> list[Object]:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "kustomize"
        shutil.copytree(KUSTOMIZE, copy)
        for name in OVERLAYS:
            path = copy / "overlays" / name / "kustomization.yaml"
            path.write_text(f"{path.read_text('utf-8')}\ncomponents: [../../git-sync]\n", "utf-8")
        return [each for name in OVERLAYS for each in build(copy / "overlays" / name)]


IMAGE: Final = f"manifests.image=registry.example.com/calendar-manifests@sha256:{'0' * 64}"
GIT: Final = (
    "manifests.git.repository=https://git.example.com/calendars.git",
    f"manifests.git.commit={'0' * 40}",
)

SOURCES: Final[dict[str, Callable[[], list[Object]]]] = {
    "files": _written,
    "kustomize": _overlays,
    "kustomize with git-sync": _overlays_with_git,
    "helm": lambda: chart(IMAGE),
    "helm with git-sync": lambda: chart(*GIT),
}
"""Where objects come from. Only ``files`` needs no program."""


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    found = [each for each in objects if each["kind"] == kind]
    assert found, kind
    return found


def component(item: Object) -> str:
    label: str = item["metadata"]["labels"]["app.kubernetes.io/component"]
    return label


def job_of(objects: list[Object], what: str) -> Object:
    """The spec of the Jobs for ``what``."""
    (found,) = [each for each in of_kind(objects, "CronJob") if component(each) == what]
    spec: Object = found["spec"]["jobTemplate"]["spec"]
    return spec


def template_of(item: Object) -> Object | None:
    """The template of an object's pods, if it starts pods."""
    spec = item.get("spec", {})
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Object | None = spec.get("template")
    return found


def pods(objects: list[Object]) -> list[Object]:
    """The specs of all pods."""
    found = [each["spec"] for item in objects if (each := template_of(item))]
    assert found
    return found


def containers(pod: Object) -> Iterator[Object]:
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def ours(pod: Object) -> Object:
    """The container that runs the tool."""
    (found,) = [each for each in pod["containers"] if each["name"] == "reconciler"]
    container: Object = found
    return container


def outcome(job: Object, status: int, *, disrupted: bool = False) -> str:
    """What a Job does with a pod that ended with ``status``: its first rule that matches counts."""
    if status == Exit.OK:
        return "done"
    for rule in job["podFailurePolicy"]["rules"]:
        if (codes := rule.get("onExitCodes")) is not None:
            assert (codes["containerName"], codes["operator"]) == ("reconciler", "In")
            matches = status in codes["values"]
        else:
            (condition,) = rule["onPodConditions"]
            assert condition == {"type": "DisruptionTarget", "status": "True"}
            matches = disrupted
        if matches:
            return {"FailIndex": "failed", "Ignore": "again, not counted"}[rule["action"]]
    return "again"
