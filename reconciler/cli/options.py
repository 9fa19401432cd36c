"""The options that several commands share, said once."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.logs import LogFormat as LogFormatName
from reconciler.reporting import Format

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
        show_default=False,
    ),
]
Select = Annotated[
    list[str],
    typer.Option(
        "--select",
        metavar="SELECTOR",
        help="Only these users: an id, a pattern with *, group:NAME, or @FILE with one a line; "
        "can be repeated.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no logs.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="List what is left alone too; log to stderr.")
]
LogFormat = Annotated[LogFormatName, typer.Option(help="Format of the logs on standard error.")]
AllowMaxDisconnects = Annotated[
    bool,
    typer.Option("--allow-max-disconnects", help="Go beyond maxDisconnects, in this run."),
]
AllowMaxDisconnectPercent = Annotated[
    bool,
    typer.Option(
        "--allow-max-disconnect-percent", help="Go beyond maxDisconnectPercent, in this run."
    ),
]
AllowEmptyDesired = Annotated[
    bool, typer.Option("--allow-empty-desired", help="The manifests may declare nobody.")
]
AllowObservedFleetShrink = Annotated[
    bool,
    typer.Option(
        "--allow-observed-fleet-shrink",
        help="The API may list many fewer users than in the last accepted run.",
    ),
]
AllowDesiredFleetShrink = Annotated[
    bool,
    typer.Option(
        "--allow-desired-fleet-shrink",
        help="The manifests may declare many fewer users than in the last accepted run.",
    ),
]
AllowTakeover = Annotated[
    bool,
    typer.Option(
        "--allow-takeover",
        help="Declare users otherwise than the owner to whom they belong: they change hands.",
    ),
]
NewLedger = Annotated[
    bool,
    typer.Option(
        "--new-ledger", help="Make a ledger where none is found, although requireLedger is set."
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout", metavar="SECONDS", min=0, help="Wait so long for another run to end."
    ),
]
MaxFailures = Annotated[
    int, typer.Option(min=0, help="Stop above this many failed or unknown outcomes.")
]
Parallelism = Annotated[
    int,
    typer.Option(
        min=1, max=32, help="Calls under way at once; users who are only read back do not count."
    ),
]
AllowEmptyObserved = Annotated[
    bool, typer.Option("--allow-empty-observed", help="The API may list nobody.")
]
