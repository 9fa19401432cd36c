"""A namespace with everything in it: the API, the ledger, and the objects of ``deploy/``."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final
from uuid import uuid4

from tests.cluster import pods
from tests.cluster.delivery import Delivery, Operations
from tests.cluster.fleets import Disconnects, Fleet
from tests.cluster.jobs import Job
from tests.cluster.kubectl import Answer, Kubectl, Object, wait_until
from tests.cluster.recording import Recording
from tests.kubernetes.objects import of_kind

RESTRICTED: Final = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}
OPERATOR: Final = "operator"
WAIT: Final = "import signal; signal.pause()"


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

    @cached_property
    def _delivery(self) -> Delivery:
        return Delivery(self._folder, self.fleets, self.addresses)

    def configure(self, *names: str) -> None:
        """Let the next configuration that is delivered have these workspaces alone."""
        self._delivery.configured = set(names)

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

    def until_listed(self, workspace: str) -> None:
        """Wait until a list call has arrived."""
        wait_until(f"a list call in {workspace}", lambda: self.requests("list_users")[workspace])

    # -- what happens to pods

    def evict(self, pod: str, *, seconds: int | None = None) -> None:
        """Evict a pod, as a drain does; ``seconds`` is another grace period than its own."""
        options = {} if seconds is None else {"gracePeriodSeconds": seconds}
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.kubectl.namespace},
            "deleteOptions": options,
        }
        path = f"/api/v1/namespaces/{self.kubectl.namespace}/pods/{pod}/eviction"
        self.kubectl.run("create", "--raw", path, "--filename=-", stdin=json.dumps(eviction))

    def kill(self, pod: str) -> None:
        """``kill -9`` of the tool in a pod whose containers share their processes."""
        self.kubectl.run("exec", pod, "--", "python", "-c", pods.KILL)

    def stop_ledger(self) -> None:
        self.kubectl.answer("exec", "postgres", "--", "bash", "-c", pods.STOP)

    def start_ledger(self) -> None:
        """Let PostgreSQL run again, with the data that it had."""

        def removed() -> bool:  # while the container starts, nothing can be run in it
            return self.kubectl.answer("exec", "postgres", "--", "rm", "-f", pods.DOWN).status == 0

        wait_until("the container of PostgreSQL", removed)
        self.kubectl.run("wait", "--for=condition=Ready", "pod/postgres", "--timeout=300s")

    # -- the ledger, as an operator reads it

    def _start_operator(self) -> None:
        """A pod of the delivered template that waits for commands."""
        (cronjob,) = of_kind(self._delivery.rendered("apply", len(self.fleets)), "CronJob")
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
        objects = self._delivery.rendered(overlay, completions or len(self.fleets), patch)
        documents = "\n---\n".join(map(json.dumps, objects))
        self.kubectl.run("apply", "--filename=-", stdin=documents)

    def start(self, name: str, overlay: str = "apply") -> Job:
        """Start a Job as docs/kubernetes.md says."""
        self.kubectl.run("create", "job", f"--from=cronjob/reconciler-{overlay}", name)
        return Job(self.kubectl, self.recording, name)


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
