"""The pods beside the tool: the sandbox that plays the API, and PostgreSQL for the ledger."""

import os
from collections.abc import Iterable
from typing import Any, Final

import trustme

from tests.cluster.fleets import HOST, Fleet
from tests.cluster.kubectl import Object, program

IMAGE: Final = os.environ.get("TEST_IMAGE", "localhost/calendar-reconciler:test")
POSTGRES_IMAGE: Final = os.environ.get("TEST_POSTGRES_IMAGE", "postgres:17")
PASSWORD: Final = "recognisable-password-of-the-ledger"
FIRST_PORT: Final = 8443

LOCKED_UP: Final = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
DOWN: Final = "/var/run/postgresql/down"
"""While this file is there, PostgreSQL is not started."""
START: Final = f"while [ -e {DOWN} ]; do sleep 0.1; done; exec docker-entrypoint.sh postgres"
STOP: Final = f"touch {DOWN} && pg_ctl --mode=immediate stop"

KILL: Final = """
import os, pathlib
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if path.read_bytes().split(b"\\0")[1:2] == [b"/opt/reconciler/bin/reconciler"]:
        os.kill(int(path.parent.name), 9)
"""


def pod(name: str, container: Object, volumes: dict[str, Object], *, account: int) -> Object:
    """A pod that obeys the restricted profile; each volume is mounted at the path of its key."""
    named = {f"v{place}": path for place, path in enumerate(volumes)}
    context: Object = {"runAsNonRoot": True, "runAsUser": account, "runAsGroup": account}
    context |= {"fsGroup": account, "seccompProfile": {"type": "RuntimeDefault"}}
    mounts = [{"name": each, "mountPath": path} for each, path in named.items()]
    made = {"name": name, "securityContext": LOCKED_UP, "volumeMounts": mounts} | container
    spec: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": context,
        "containers": [made],
        "volumes": [{"name": each} | volumes[path] for each, path in named.items()],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def sandbox() -> Object:
    """The sandboxes of all workspaces."""
    asked = {"exec": {"command": ["python", "-c", "open('/state/ready')"]}, "periodSeconds": 1}
    container = {
        "image": IMAGE,
        "command": ["python", "/program/remote_side.py", "serve"],
        "env": [{"name": "TMPDIR", "value": "/state"}],
        "readinessProbe": asked,
    }
    volumes: dict[str, Object] = {
        "/program": {"configMap": {"name": "sandbox-program"}},
        "/seeds": {"secret": {"secretName": "sandbox-seeds"}},
        "/tls": {"secret": {"secretName": "sandbox-tls"}},
        "/state": {"emptyDir": {}},
    }
    return pod("sandbox", container, volumes, account=65532)


def postgres() -> Object:
    """PostgreSQL, whose data stay while its process is stopped and started again."""
    password = {"secretKeyRef": {"name": "postgres", "key": "password"}}
    asked = {"exec": {"command": ["pg_isready", "--host=127.0.0.1"]}, "periodSeconds": 1}
    container: dict[str, Any] = {
        "image": POSTGRES_IMAGE,
        "command": ["bash", "-c", START],
        "env": [
            {"name": "POSTGRES_USER", "value": "reconciler"},
            {"name": "POSTGRES_PASSWORD", "valueFrom": password},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "readinessProbe": asked,
    }
    paths = ("/var/lib/postgresql/data", "/var/run/postgresql", "/tmp")
    return pod("postgres", container, {path: {"emptyDir": {}} for path in paths}, account=999)


def secret(name: str, texts: dict[str, str]) -> Object:
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    return made | {"stringData": texts}


def config_map(name: str, texts: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": texts}


def files_of(fleets: Iterable[Fleet]) -> list[Object]:
    """What the pods read, the secrets of docs/kubernetes.md among it."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    chain = b"".join(each.bytes() for each in certificate.cert_chain_pems).decode()
    tls = {"tls.crt": chain, "tls.key": certificate.private_key_pem.bytes().decode()}
    fleets = tuple(fleets)
    return [
        config_map("sandbox-program", {"remote_side.py": program("remote_side.py")}),
        config_map("authority", {"ca.crt": authority.cert_pem.bytes().decode()}),
        config_map("manifests", {each.name: each.written for each in fleets}),
        secret("sandbox-seeds", {f"{each.name}.yaml": each.converged_seed for each in fleets}),
        secret("sandbox-tls", tls),
        secret("postgres", {"password": PASSWORD}),
        secret("recall-keys", {each.name: each.key for each in fleets}),
        secret("reconciler-ledger", {"pg_service.conf": f"[ledger]\npassword={PASSWORD}\n"}),
    ]
