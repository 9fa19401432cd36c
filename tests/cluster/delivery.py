"""The objects of ``deploy/kustomize``, edited and rendered as docs/kubernetes.md tells users to."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tests.cluster import pods
from tests.cluster.fleets import HOST, Fleet
from tests.cluster.kubectl import Object
from tests.kubernetes.objects import CONFIGURATION, KUSTOMIZE, build

Operations = Sequence[Mapping[str, Any]]
"""A JSON patch of a CronJob."""


def of_job(path: str, value: Any) -> dict[str, Any]:
    """Set a field of the Jobs."""
    return {"op": "add", "path": f"/spec/jobTemplate/spec{path}", "value": value}


def argument(*words: str) -> list[dict[str, Any]]:
    """Add words to the command line of the Jobs."""
    path = "/template/spec/containers/0/args/-"
    return [of_job(path, word) for word in words]


ONE_AT_A_TIME: Final = argument("--parallelism", "1")


class Delivery:
    """A copy of ``deploy/kustomize`` for some workspaces, in a folder of its own."""

    def __init__(
        self, folder: Path, fleets: Mapping[str, Fleet], addresses: Mapping[str, str]
    ) -> None:
        self.configured = set(fleets)
        """The workspaces that the configuration has."""
        self._folder = folder
        self._fleets = fleets
        self._addresses = addresses

    def rendered(self, overlay: str, completions: int, patch: Operations = ()) -> list[Object]:
        """The objects of an overlay, edited as the page says, with ``patch`` on top."""
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
        return build(top)

    def _configuration(self) -> Object:
        written: Object = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
        ledger = self._addresses["postgres"]
        written["ledger"] = written["ledger"].replace("ledger.example.com", ledger)
        del written["defaults"]["region"]
        written["workspaces"] = {
            name: {"baseUrl": f"https://{HOST}:{pods.FIRST_PORT + place}", **fleet.settings}
            for place, (name, fleet) in enumerate(self._fleets.items())
            if name in self.configured
        }
        return written

    def _policy(self, file: Path) -> Object:
        policy: Object = yaml.safe_load(file.read_text("utf-8"))
        _, api, ledger = policy["spec"]["egress"]
        ports = [pods.FIRST_PORT + place for place in range(len(self._fleets))]
        api["to"] = [{"ipBlock": {"cidr": f"{self._addresses['sandbox']}/32"}}]
        api["ports"] = [{"protocol": "TCP", "port": port} for port in ports]
        ledger["to"] = [{"ipBlock": {"cidr": f"{self._addresses['postgres']}/32"}}]
        return policy

    def _on_top(self, overlay: str, patch: Operations) -> Object:
        """What a user has in a kustomization of their own: their images, manifests, authority."""
        image, _, tag = pods.IMAGE.rpartition(":")
        files = [{"key": each, "path": f"{each}/people.yaml"} for each in self._fleets]
        container = {
            "name": "reconciler",
            "env": [{"name": "SSL_CERT_FILE", "value": "/run/authority/ca.crt"}],
            "volumeMounts": [
                {"name": "authority", "mountPath": "/run/authority", "readOnly": True}
            ],
        }
        spec = {
            "hostAliases": [{"ip": self._addresses["sandbox"], "hostnames": [HOST]}],
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
        if overlay == "watch":
            target = {"group": "apps", "version": "v1", "kind": "Deployment"}
            of_pods: Object = {"template": {"spec": spec}}
        else:
            target = {"group": "batch", "version": "v1", "kind": "CronJob"}
            of_pods = {"jobTemplate": {"spec": {"template": {"spec": spec}}}}
        ours = {
            "apiVersion": f"{target['group']}/{target['version']}",
            "kind": target["kind"],
            "metadata": {"name": "reconciler"},
            "spec": of_pods,
        }
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
