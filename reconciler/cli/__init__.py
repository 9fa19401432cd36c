"""The command line: parse, call the engine, render, exit status.

Each command is a file in ``commands``, loaded when it is called. They share ``context``
(configuration, output, reports), ``run_command`` (a run and its report), ``exits`` (from what
happened to an exit status, signals among it).
"""

import gc
import os
import signal
import sys
from types import FrameType

COLLECT_EVERY = 100_000
"""New objects until Python's garbage collector looks for cycles; its own default is 700."""


def main() -> None:
    """The ``reconciler`` command."""
    if sys.argv[1:] == ["--version"]:
        # Before anything else is imported: pipelines and prompts ask for it again and again.
        from reconciler import __version__  # noqa: PLC0415
        from reconciler.cli.streams import make_writable, print_out, report_lost  # noqa: PLC0415

        make_writable()
        lost = print_out(f"calendar-reconciler {__version__}", on_stderr=False)
        if lost is not None:
            report_lost(lost)
            sys.exit(64)
        return
    # Until everything is loaded, nothing was done and there is nothing to say.
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # An ignored signal stays ignored: that is how `nohup` and `trap ''` ask for it.
        if signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, _end)
    # With the default, and a last collection at the end, looking for cycles among what the imports
    # leave takes a third of a small plan's time. Long runs still get their collections.
    gc.set_threshold(COLLECT_EVERY)
    from reconciler.cli.app import run  # noqa: PLC0415

    status = run(sys.argv[1:])
    gc.freeze()
    sys.exit(status)


def _end(signum: int, _frame: FrameType | None) -> None:
    os._exit(130 if signum == signal.SIGINT else 143)
