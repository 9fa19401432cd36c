"""The cluster under test, and kubectl to speak to it. One that is not for tests is refused."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct

NOT_NAMED: Final = "no Kubernetes cluster for tests is named"
HOW_TO_NAME: Final = "make test-kubernetes, with KUBECONFIG (docs/kubernetes.md)"
FOR_TESTS: Final = "reconciler-test"
"""What the name of the context begins with: nobody calls the cluster that they need so."""

T = TypeVar("T")
Object = dict[str, Any]


class Refused(Exception):
    """The cluster of ``KUBECONFIG`` is not for tests."""


class Answer(Struct, frozen=True):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


class Kubectl:
    """kubectl, in one namespace of one context, whatever the current context is meanwhile."""

    def __init__(self, context: str, namespace: str = "default") -> None:
        self._context = context
        self.namespace = namespace

    def within(self, namespace: str) -> "Kubectl":
        return Kubectl(self._context, namespace)

    def command(self, *arguments: str) -> list[str]:
        chosen = (f"--context={self._context}", f"--namespace={self.namespace}")
        return ["kubectl", *chosen, *arguments]

    def answer(self, *arguments: str, stdin: str = "") -> Answer:
        command = self.command(*arguments)
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        return Answer(done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """What a command that must succeed writes."""
        answer = self.answer(*arguments, stdin=stdin)
        assert answer.status == 0, f"kubectl {' '.join(arguments)}: {answer.err}"
        return answer.out

    def get(self, *what: str) -> Object:
        found: Object = json.loads(self.run("get", *what, "--output=json"))
        return found

    def create(self, *objects: Object) -> None:
        """Create objects, without the annotation that ``apply`` makes of all that is in them."""
        self.run("create", "--filename=-", stdin="\n---\n".join(map(json.dumps, objects)))


def checked_context() -> str | None:
    """The current context of ``KUBECONFIG``; None without one. Raises :class:`Refused`."""
    if not os.environ.get("KUBECONFIG"):
        return None
    command = ["kubectl", "config", "current-context"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    context = done.stdout.strip()
    if done.returncode or not context.startswith(FOR_TESTS):
        named = repr(context) if context else f"unknown ({done.stderr.strip()})"
        raise Refused(
            f"the current context of KUBECONFIG is {named}: the tests evict pods and drain nodes,"
            f" so its name must begin with {FOR_TESTS!r} (kubectl config rename-context)"
        )
    return context


def wait_until(what: str, found: Callable[[], T], *, seconds: float = 300) -> T:
    """The first answer of ``found`` that is true; it fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)
    return answer


def program(name: str) -> str:
    """The text of a program that runs in a pod."""
    return (Path(__file__).parent / name).read_text("utf-8")
