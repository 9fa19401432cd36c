"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import completion
from reconciler.cli.logs import LogFormat as LogFormatName
from reconciler.reporting import Format


def _and_earlier(context: typer.Context, reports: list[str]) -> list[str]:
    """``reports``, and before them those that were given before the command."""
    earlier: list[str] = (context.default_map or {}).get("report", [])
    return reports if reports == earlier else [*earlier, *reports]


Config = Annotated[
    Path | None,
    typer.Option(
        help="Configuration file. [env: RECONCILER_CONFIG; default: ./reconciler.yaml]",
        show_default=False,
    ),
]
WorkspaceName = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        "-w",
        autocompletion=completion.workspaces,
        help="Workspace. [env: RECONCILER_WORKSPACE; default: the file's defaultWorkspace]",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="Format of standard output.")]
Reports = Annotated[
    list[str],
    typer.Option(
        "--report",
        metavar="FORMAT=PATH",
        help="Write a report to a file too; can be repeated.",
        callback=_and_earlier,
        show_default=False,
    ),
]
Select = Annotated[
    list[str],
    typer.Option(
        "--select",
        metavar="SELECTOR",
        help="Only these users: an id, a pattern with *, group:NAME, or @FILE with one per line; "
        "can be repeated.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no logs.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also list what is left alone; log to stderr.")
]
LogFormat = Annotated[LogFormatName, typer.Option(help="Format of the logs on standard error.")]


LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        min=0,
        help="Seconds to wait for another run to finish.",
    ),
]
MaxFailures = Annotated[
    int, typer.Option(min=0, help="Stop after more than this many failed or unknown outcomes.")
]
Parallelism = Annotated[
    int,
    typer.Option(min=1, max=32, help="Calls under way at once; read-backs do not count."),
]
