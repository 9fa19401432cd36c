"""Containers of the image under test, by docker or podman, and how they ended."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

NOT_BUILT: Final = "the container image is not built"
HOW_TO_BUILD: Final = "make test-image (it needs docker, or buildah and podman)"

LOCKED_UP: Final = ("--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges")


class Ended(Struct, frozen=True):
    """How a container ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Container:
    """A container that was started and is removed by :meth:`Engine.started`."""

    def __init__(self, engine: "Engine", name: str) -> None:
        self._engine = engine
        self.name = name

    def signal(self, name: str) -> None:
        self._engine.call("kill", "--signal", name, self.name)

    def execute(self, *command: str) -> Ended:
        """Run a command beside the first process."""
        return self._engine.answer("exec", self.name, *command)

    def ended(self) -> Ended:
        """Wait for its end."""
        status = int(self._engine.call("wait", self.name).out)
        return Ended(status, *self.written())

    def written(self) -> tuple[str, str]:
        """What it wrote so far, to standard output and standard error."""
        logs = self._engine.answer("logs", self.name)
        return logs.out, logs.err

    def changed(self) -> set[str]:
        """What is in it that is not in its image, volumes left out."""
        return set(self._engine.call("diff", self.name).out.splitlines())


class Engine:
    """The program that runs containers, and the image that it runs."""

    def __init__(self, program: str, image: str) -> None:
        self._program = program
        self.image = image
        # podman mounts temporary file systems into a read-only container, docker does not.
        self._locked_up = (
            *LOCKED_UP,
            *(("--read-only-tmpfs=false",) if program == "podman" else ()),
        )

    def answer(self, *arguments: str) -> Ended:
        done = subprocess.run(
            [self._program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def call(self, *arguments: str) -> Ended:
        """The answer of a command that must succeed."""
        answer = self.answer(*arguments)
        assert answer.status == 0, answer.err
        return answer

    def inspect(self) -> Any:
        (image,) = json.loads(self.call("image", "inspect", self.image).out)
        return image

    def run(
        self, *command: str, options: Sequence[str] = (), locked_up: bool = True, net: str = "none"
    ) -> Ended:
        """Run ``reconciler COMMAND`` to its end, on a read-only root without a capability unless
        ``locked_up`` is False."""
        asked = self._options(options, locked_up=locked_up, net=net)
        return self.answer("run", "--rm", *asked, self.image, *command)

    @contextmanager
    def started(
        self, *command: str, options: Sequence[str] = (), locked_up: bool = True, net: str = "none"
    ) -> Iterator[Container]:
        """``reconciler COMMAND`` as the first process of a container that runs meanwhile."""
        asked = self._options(options, locked_up=locked_up, net=net)
        made = self.call("run", "--detach", *asked, self.image, *command)
        container = Container(self, made.out.strip())
        try:
            yield container
        finally:
            self.call("rm", "--force", container.name)

    @contextmanager
    def volume(self) -> Iterator[str]:
        """A new volume; gone in the end."""
        name = self.call("volume", "create").out.strip()
        try:
            yield name
        finally:
            self.call("volume", "rm", name)

    def _options(self, options: Sequence[str], *, locked_up: bool, net: str) -> list[str]:
        of_root = self._locked_up if locked_up else ()
        return ["--pull", "never", "--network", net, *of_root, *options]


def engine_under_test() -> Engine | None:
    """The engine and image that ``make test-image`` names; None in any other test run."""
    image = os.environ.get("TEST_IMAGE")
    return Engine(os.environ["TEST_ENGINE"], image) if image else None
