"""What makes the provider stop early: a cancelled or killed command, or the end of this process.

The SDK does not help here. Its provider process ignores the engine's ``Cancel`` and gets no signal
of the terminal. It survives a command that is killed. And ``pulumi cancel`` from elsewhere tells
neither of them: where the backend is a folder it only deletes the file that locks the stack.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from reconciler.domain import Cancellation, SystemClock
from reconciler.pulumi_provider.cli_process import cli_of

CLOCK: Final = SystemClock()
CANCELLATION: Final = Cancellation(CLOCK.monotonic)
"""Requested once this process may start nothing new."""

_SERVICER: Final = "DynamicResourceProviderServicer"

_THREADS: Final = 256
"""Threads for calls of the engine, more than it ever makes at a time."""

_ACTING_AT_ONCE: Final = 4
"""Resources that act at the same time; the others wait for their turn."""

_TURN_POLL: Final = 0.5
"""Seconds after which a resource that waits for its turn looks for a cancellation."""

_LOCK_POLL: Final = 0.1
"""Seconds between two looks at the stack's lock."""

_BACKEND_SCHEME: Final = "file://"
_LOCKS: Final = ".pulumi/locks"

_turns_changed: Final = threading.Condition()
_turns: Final[set[object]] = set()


@contextmanager
def turn_to_act() -> Iterator[None]:
    """A turn to act, of which there are a few at a time. After a cancellation nobody waits for one.

    If the command dies, this process ends only when every turn is over.
    """
    turn = object()
    with _turns_changed:
        while len(_turns) >= _ACTING_AT_ONCE and CANCELLATION.requested_at is None:
            _turns_changed.wait(_TURN_POLL)
        _turns.add(turn)
    try:
        yield
    finally:
        with _turns_changed:
            _turns.discard(turn)
            _turns_changed.notify_all()


@cache
def watch_for_cancellation() -> None:
    """Stop the work of this process once its command, or the process itself, is ending."""
    servicer = getattr(sys.modules["__main__"], _SERVICER, None)
    if servicer is None:
        return  # not a provider process
    # The server bound the method when it started. Only its code can still be replaced.
    servicer.Cancel.__code__ = _cancel.__code__
    # The SDK has 4 threads for all calls. A cancel would queue behind the creates.
    pool = _server()._state.thread_pool  # noqa: SLF001
    pool._max_workers = _THREADS  # noqa: SLF001
    for watch in (_watch_input, _watch_main_thread, _watch_stack_lock):
        threading.Thread(target=watch, name=watch.__name__.strip("_"), daemon=True).start()


def cancel() -> None:
    """Start nothing new from now on: the command was cancelled."""
    CANCELLATION.request(signal.SIGINT)


def stack_lock(environ: Mapping[str, str], pid: int) -> Path | None:
    """The file by which the command ``pid`` locks its stack; None if the backend has no such file.

    Pulumi Cloud tells a command that it is cancelled. Object stores cannot be watched from here.
    """
    url = environ.get("PULUMI_BACKEND_URL") or _login(environ)
    if not url.startswith(_BACKEND_SCHEME):
        return None
    folder = Path(unquote(url.removeprefix(_BACKEND_SCHEME).partition("?")[0])).expanduser()
    locks = (path for path in (folder / _LOCKS).rglob("*.json") if _read(path).get("pid") == pid)
    return next(locks, None)


def _server() -> Any:
    """The gRPC server of this process: a local variable of the SDK's waiting ``main``."""
    frame = sys._current_frames()[threading.main_thread().ident or 0]  # noqa: SLF001
    while frame.f_code.co_name != "main":
        if frame.f_back is None:
            raise LookupError("the SDK's provider process has no function `main` any more")
        frame = frame.f_back
    return frame.f_locals["server"]


def _cancel(self: object, request: object, context: object) -> object:  # noqa: ARG001
    # This code runs inside the SDK's module, with that module's names.
    from reconciler.pulumi_provider.cancellation import cancel  # noqa: PLC0415

    cancel()
    return request  # an empty message, like the answer


def _watch_input() -> None:
    """The command holds the other end of standard input. However it dies, this end closes."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    CANCELLATION.request(signal.SIGHUP)
    with _turns_changed:
        _turns_changed.wait_for(lambda: not _turns)
    os._exit(128 + signal.SIGHUP)  # nothing else would end this process


def _watch_stack_lock() -> None:
    """``pulumi cancel`` deletes the lock and tells nobody."""
    command = cli_of()
    lock = None if command is None else stack_lock(os.environ, command.pid)
    if lock is None:
        return
    while lock.exists():
        CANCELLATION.event.wait(_LOCK_POLL)
    cancel()


def _watch_main_thread() -> None:
    """An interrupt ends the main thread, but the server's threads outlive it."""
    threading.main_thread().join()
    CANCELLATION.request(signal.SIGTERM)


def _login(environ: Mapping[str, str]) -> str:
    """The backend that ``pulumi login`` chose."""
    home = environ.get("PULUMI_HOME")
    folder = Path(home) if home else Path.home() / ".pulumi"
    return str(_read(folder / "credentials.json").get("current") or "")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
