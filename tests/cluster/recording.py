"""What every pod of a namespace was and wrote, kept after the cluster has forgotten it.

A pod that was evicted, or that a deadline ended, is gone once it has stopped, and its log with it.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.cluster.kubectl import Kubectl, Object


class Recording:
    """All pods since it began, by name, each as it was seen last; and what they write."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self.pods: dict[str, Object] = {}
        self._kubectl = kubectl
        self._folder = folder
        self._followers: dict[str, subprocess.Popen[str]] = {}

    def written(self, pod: str) -> str:
        """All that a pod has written that has ended."""
        self._followers[pod].wait()
        return self._log(pod).read_text("utf-8")

    def everything(self) -> dict[str, str]:
        """What each pod wrote so far."""
        return {pod: self._log(pod).read_text("utf-8") for pod in self._followers}

    def _log(self, pod: str) -> Path:
        return self._folder / f"{pod}.log"

    def _watch(self, lines: IO[str]) -> None:
        """Read documents, each of which ends with a line of one brace."""
        text = ""
        for line in lines:
            text += line
            if line == "}\n":
                self._seen(json.loads(text))
                text = ""

    def _seen(self, pod: Object) -> None:
        name = pod["metadata"]["name"]
        self.pods[name] = pod
        states = [each["state"] for each in pod["status"].get("containerStatuses", [])]
        if name not in self._followers and any("waiting" not in each for each in states):
            with self._log(name).open("w", encoding="utf-8") as log:
                command = self._kubectl.command("logs", "--follow", name)
                self._followers[name] = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
                )

    @contextmanager
    def going_on(self) -> Iterator[None]:
        command = self._kubectl.command("get", "pods", "--watch", "--output=json")
        watch = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert watch.stdout
        thread = threading.Thread(target=self._watch, args=(watch.stdout,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            watch.terminate()
            thread.join()
            watch.stdout.close()
            watch.wait()
            for follower in self._followers.values():
                follower.terminate()
                follower.wait()
