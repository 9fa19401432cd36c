"""The command line: parse, call the engine, render, exit status.

Each command is a file in ``commands``; what they share is ``frame`` (configuration, output,
reports), ``exits`` (the one function from what happened to an exit status) and ``signals``.
"""

import sys


def main() -> None:
    """The ``reconciler`` command."""
    if sys.argv[1:] == ["--version"]:
        # Before anything else is imported: pipelines and prompts ask for it again and again.
        from reconciler import __version__  # noqa: PLC0415

        print(f"calendar-reconciler {__version__}")  # noqa: T201
        return
    from reconciler.cli.app import run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))
