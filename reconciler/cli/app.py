"""The commands put together, and the one way in and out."""

from itertools import pairwise
from typing import Annotated

import typer

import reconciler
from reconciler.cli.commands import apply, doctor, importing, plan, sandbox, schema, show, validate
from reconciler.cli.errors import Ended
from reconciler.cli.exits import Exit
from reconciler.domain import Diagnostic
from reconciler.reporting import ErrorReport, Format, render

app = typer.Typer(
    name="reconciler",
    help="Say in git which calendar platforms each person has connected at Recall.ai.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit statuses: 0 fine, 1 defect, 2 changes and 7 people have to connect (both only "
    "with --detailed-exitcode), 3 refused by a guard, 4 applied in part, 5 saved plan unusable, "
    "6 observation incomplete, 64 usage, 65 invalid manifest or configuration, 69 API "
    "unreachable, 75 try later, 77 credentials refused, 130/143 interrupted.",
)

app.command()(validate.validate)
app.command()(plan.plan)
app.command()(show.show)
app.command()(apply.apply)
app.command(name="import")(importing.import_)
app.command()(doctor.doctor)
app.command()(schema.schema)
app.add_typer(sandbox.app, name="sandbox")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"calendar-reconciler {reconciler.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # noqa: FBT002 - typer's way; handled in its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Say in git which calendar platforms each person has connected at Recall.ai."""


def run(arguments: list[str]) -> int:
    """Run the command line; the exit status. Bad usage is 64, which no plan can mean."""
    try:
        app(arguments, prog_name="reconciler")
    except Ended as end:
        return end.status
    except SystemExit as end:
        status = _LIBRARY_EXITS.get(end.code, Exit.DEFECT)
        if status is Exit.USAGE and (form := _machine_format(arguments)):
            told = Diagnostic(None, "bad usage", "standard error says what is wrong with it")
            typer.echo(render(ErrorReport(status, (told,)), form), nl=False)
        return status
    return Exit.OK


def _machine_format(arguments: list[str]) -> Format | None:
    """The format that a machine waits for, in arguments that nobody could parse."""
    for option, value in pairwise([*" ".join(arguments).replace("=", " ").split(), ""]):
        if option in ("--format", "-f") and value in (Format.JSON, Format.JSONL):
            return Format(value)
    return None


_LIBRARY_EXITS: dict[object, Exit] = {None: Exit.OK, 0: Exit.OK, 1: Exit.INTERRUPTED, 2: Exit.USAGE}
"""What the command line library exits with by itself: help, ^C at a prompt, bad usage."""
