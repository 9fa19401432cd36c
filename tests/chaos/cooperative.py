"""Stands in for ``threading`` in the code under test: every wait is a wait in virtual time.

Outside of a task (a harness thread, a signal's helper) nothing waits and nothing has to.
"""

import math
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

from tests.chaos.scheduler import Scheduler, Task, current

_stage: list[Scheduler] = []


def stage() -> Scheduler:
    """The scheduler of the schedule that is played now."""
    return _stage[-1]


class Event:
    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        self._flag = True

    def clear(self) -> None:
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        if current() is not None and not self._flag:
            stage().block(self.is_set, math.inf if timeout is None else timeout)
        return self._flag


class Lock:
    def __init__(self) -> None:
        self._held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._held and blocking and current() is not None:
            stage().block(self._free, math.inf if timeout < 0 else timeout)
        if self._held:
            return False
        self._held = True
        return True

    def release(self) -> None:
        self._held = False

    def locked(self) -> bool:
        return self._held

    def _free(self) -> bool:
        return not self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Thread:
    """A thread of the process of the task that starts it."""

    def __init__(
        self,
        target: Callable[..., object],
        args: tuple[Any, ...] = (),
        name: str = "thread",
        daemon: bool | None = None,
    ) -> None:
        self.name = name
        self.daemon = bool(daemon)
        self._target = target
        self._args = args
        self._task: Task | None = None

    def start(self) -> None:
        starter = current()
        assert starter is not None, "the code under test runs in tasks"
        self._task = stage().spawn(starter.host, self.name, self._work)

    def _work(self) -> None:
        self._target(*self._args)

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.done

    def join(self, timeout: float | None = None) -> None:
        task = self._task
        if task is not None and not task.done:
            stage().block(lambda: task.done, math.inf if timeout is None else timeout)


_REPLACED = SimpleNamespace(
    Event=Event,
    Lock=Lock,
    Thread=Thread,
    local=threading.local,
    current_thread=threading.current_thread,
    main_thread=threading.main_thread,
    get_ident=threading.get_ident,
)


def _modules() -> list[ModuleType]:
    """The modules under test that use threads; the sandbox is not one of them."""
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("reconciler.")
        and not name.startswith("reconciler.sandbox")
        and getattr(module, "threading", None) is threading
    ]


@contextmanager
def cooperating() -> Iterator[None]:
    """While this lasts the code under test has these threads instead of the system's."""
    patches = [mock.patch.object(module, "threading", _REPLACED) for module in _modules()]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


@contextmanager
def conducting(scheduler: Scheduler) -> Iterator[None]:
    """``scheduler`` is the one that tasks wait on."""
    _stage.append(scheduler)
    try:
        yield
    finally:
        _stage.pop()
