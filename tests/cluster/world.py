"""A namespace with everything in it: the API, the ledger, and the objects of ``deploy/``."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import yaml

from tests.cluster import pods
from tests.cluster.fleets import HOST, Disconnects, Fleet
from tests.cluster.jobs import Job
from tests.cluster.kubectl import Answer, Kubectl, Object, wait_until
from tests.cluster.recording import Recording
from tests.kubernetes.objects import CONFIGURATION, KUSTOMIZE, of_kind

RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}
OPERATOR: Final = "operator"
WAIT: Final = "import signal; signal.pause()"

Operations = Sequence[Mapping[str, Any]]
"""A JSON patch of a CronJob."""


def of_job(path: str, value: Any) -> dict[str, Any]:
    """Set a field of the Jobs."""
    return {"op": "add", "path": f"/spec/jobTemplate/spec{path}", "value": value}


def argument(*words: str) -> list[dict[str, Any]]:
    """Add words to the command line of the Jobs."""
    path = "/template/spec/containers/0/args/-"
    return [of_job(path, word) for word in words]


class World:
    """Some workspaces with a sandbox each, one ledger, and what is delivered for them."""

    def __init__(
        self, kubectl: Kubectl, recording: Recording, folder: Path, fleets: Sequence[Fleet]
    ) -> None:
        self.kubectl = kubectl
        self.recording = recording
        self.fleets = {each.name: each for each in sorted(fleets, key=lambda each: each.name)}
        self._folder = folder

    # -- the remote side

    def begin(self) -> None:
        """Start the pods beside the tool, and make the ledger as docs/kubernetes.md says."""
        self.kubectl.create(*pods.files_of(self.fleets.values()))
        self.kubectl.create(pods.sandbox(), pods.postgres())
        self.kubectl.run(
            "wait", "--for=condition=Ready", "pod/sandbox", "pod/postgres", "--timeout=300s"
        )
        self._start_operator()
        first = next(iter(self.fleets))
        made = self.operate("apply", "-w", first, "--auto-approve", "--allow", "new-ledger")
        assert made.status == 0, made.err
        self.seed(*self.fleets.values())

    @cached_property
    def addresses(self) -> dict[str, str]:
        names = ("sandbox", "postgres")
        return {each: self.kubectl.get("pod", each)["status"]["podIP"] for each in names}

    def seed(self, *fleets: Fleet) -> None:
        """Let sandboxes begin again."""
        self._sandbox("seed", json.dumps({each.name: each.seed for each in fleets}))

    def _sandbox(self, what: str, stdin: str = "") -> str:
        program = ("python", "/program/remote_side.py", what)
        return self.kubectl.run("exec", "--stdin", "sandbox", "--", *program, stdin=stdin)

    def requests(self, endpoint: str) -> dict[str, list[Object]]:
        """What each sandbox received at an endpoint."""
        logs = json.loads(self._sandbox("log"))
        return {
            name: [each for each in log if each["endpoint"] == endpoint]
            for name, log in logs.items()
        }

    def disconnects(self) -> dict[str, Disconnects]:
        """Every disconnect call that arrived, by workspace."""
        return {
            name: sorted((each["external_id"], each["body"]) for each in calls)
            for name, calls in self.requests("disconnect").items()
        }

    def planned(self) -> dict[str, Disconnects]:
        """What has to arrive, each once."""
        return {name: each.planned for name, each in self.fleets.items()}

    def until_disconnected(self, who: str) -> None:
        """Wait until the call for a user has arrived."""
        wait_until(
            f"the disconnect of {who}",
            lambda: any(who in dict(calls) for calls in self.disconnects().values()),
        )

    # -- the ledger, as an operator reads it

    def _start_operator(self) -> None:
        """A pod of the delivered template that waits for commands."""
        (cronjob,) = of_kind(self._render("apply", len(self.fleets), ()), "CronJob")
        self.deliver("apply")
        spec = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        spec["containers"][0]["command"] = ["python", "-c", WAIT]
        spec["terminationGracePeriodSeconds"] = 1
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": OPERATOR}, "spec": spec}
        self.kubectl.create(pod)
        self.kubectl.run("wait", "--for=condition=Ready", "pod/operator", "--timeout=300s")

    def operate(self, *command: str) -> Answer:
        """How a command of the tool ends that a person gives."""
        return self.kubectl.answer("exec", "operator", "--", "reconciler", *command)

    def runs(self, workspace: str) -> list[Object]:
        """The runs of a workspace, newest first, without those of :meth:`operate`."""
        answer = self.operate("runs", "-w", workspace, "--format", "json")
        assert answer.status == 0, answer.err
        runs: list[Object] = json.loads(answer.out)["runs"]
        return [each for each in runs if each["who"]["host"] != OPERATOR]

    # -- what is delivered

    def deliver(
        self, overlay: str, *, completions: int | None = None, patch: Operations = ()
    ) -> None:
        """Deliver an overlay of ``deploy/kustomize``, edited as docs/kubernetes.md says."""
        objects = self._render(overlay, completions or len(self.fleets), patch)
        documents = "\n---\n".join(map(json.dumps, objects))
        self.kubectl.run("apply", "--filename=-", stdin=documents)

    def start(self, name: str, overlay: str = "apply") -> Job:
        """Start a Job as docs/kubernetes.md says."""
        self.kubectl.run("create", "job", f"--from=cronjob/reconciler-{overlay}", name)
        return Job(self.kubectl, self.recording, name)

    def _render(self, overlay: str, completions: int, patch: Operations) -> list[Object]:
        shutil.rmtree(self._folder, ignore_errors=True)
        copy = self._folder / "kustomize"
        shutil.copytree(KUSTOMIZE, copy)
        (copy / "base" / CONFIGURATION.name).write_text(yaml.safe_dump(self._configuration()))
        policy = copy / "base" / "network-policy.yaml"
        policy.write_text(yaml.safe_dump(self._policy(policy)))
        numbers = copy / "overlays" / overlay / "kustomization.yaml"
        text = numbers.read_text("utf-8")
        for field in ("completions", "parallelism"):
            text = text.replace(f"{field}, value: 2", f"{field}, value: {completions}")
        numbers.write_text(text)
        top = self._folder / "top"
        top.mkdir()
        (top / "kustomization.yaml").write_text(yaml.safe_dump(self._on_top(overlay, patch)))
        command = ["kubectl", "kustomize", str(top)]
        rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [each for each in yaml.safe_load_all(rendered) if each]

    def _configuration(self) -> Object:
        written: Object = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
        ledger = self.addresses["postgres"]
        written["ledger"] = written["ledger"].replace("ledger.example.com", ledger)
        del written["defaults"]["region"]
        written["workspaces"] = {
            name: {"baseUrl": f"https://{HOST}:{pods.FIRST_PORT + place}", **fleet.settings}
            for place, (name, fleet) in enumerate(self.fleets.items())
        }
        return written

    def _policy(self, file: Path) -> Object:
        policy: Object = yaml.safe_load(file.read_text("utf-8"))
        _, api, ledger = policy["spec"]["egress"]
        ports = [pods.FIRST_PORT + place for place in range(len(self.fleets))]
        api["to"] = [{"ipBlock": {"cidr": f"{self.addresses['sandbox']}/32"}}]
        api["ports"] = [{"protocol": "TCP", "port": port} for port in ports]
        ledger["to"] = [{"ipBlock": {"cidr": f"{self.addresses['postgres']}/32"}}]
        return policy

    def _on_top(self, overlay: str, patch: Operations) -> Object:
        """What a user has in a kustomization of their own: their images, manifests, authority."""
        image, _, tag = pods.IMAGE.rpartition(":")
        files = [{"key": each, "path": f"{each}/people.yaml"} for each in self.fleets]
        container = {
            "name": "reconciler",
            "env": [{"name": "SSL_CERT_FILE", "value": "/run/authority/ca.crt"}],
            "volumeMounts": [
                {"name": "authority", "mountPath": "/run/authority", "readOnly": True}
            ],
        }
        spec = {
            "hostAliases": [{"ip": self.addresses["sandbox"], "hostnames": [HOST]}],
            "containers": [container],
            "volumes": [
                # An image volume needs more than every cluster under test can do.
                {
                    "name": "manifests",
                    "image": None,
                    "configMap": {"name": "manifests", "items": files},
                },
                {"name": "authority", "configMap": {"name": "authority"}},
            ],
        }
        ours = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "reconciler"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}},
        }
        target = {"kind": "CronJob"}
        return {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"../kustomize/overlays/{overlay}"],
            "images": [
                {
                    "name": "registry.example.com/calendar-reconciler",
                    "newName": image,
                    "newTag": tag,
                }
            ],
            "patches": [
                {"target": target, "patch": yaml.safe_dump(ours)},
                *([{"target": target, "patch": yaml.safe_dump(list(patch))}] if patch else []),
            ],
        }


@contextmanager
def world(kubectl: Kubectl, folder: Path, *fleets: Fleet) -> Iterator[World]:
    """A new namespace in which all pods obey the restricted profile; gone in the end."""
    name = f"reconciler-test-{uuid4().hex[:8]}"
    metadata = {"name": name, "labels": RESTRICTED}
    kubectl.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        inside = kubectl.within(name)
        recording = Recording(inside, folder)
        with recording.going_on():
            made = World(inside, recording, folder / "delivered", fleets)
            made.begin()
            yield made
    finally:
        kubectl.run("delete", "namespace", name, "--wait=false")
