"""The command line as a whole: its commands by name, what may be given before them, and the one way
in and out.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup

import reconciler
from reconciler.cli import options
from reconciler.cli.command import Command, LazyGroup
from reconciler.cli.errors import EndedWith, UsageError
from reconciler.cli.logs import LogFormat
from reconciler.cli.streams import failure_of, make_writable, print_out, report_lost
from reconciler.domain import Diagnostic, Exit
from reconciler.reporting import ErrorReport, Format, render


class _Commands(LazyGroup):
    summaries: ClassVar = {
        "demo": "See the main job done on the sandbox: no account, no key.",
        "init": "Write the first files of a folder of your own.",
        "validate": "Read and check manifests, offline.",
        "plan": "Show what would be changed; changes nothing.",
        "show": "Show a saved plan.",
        "apply": "Disconnect what the manifests do not want, and verify it.",
        "pending": "List who has to connect what, and since when.",
        "connect-link": "Make the link by which a pending user connects a platform.",
        "explain": "Explain one user: what would be done, and why.",
        "watch": "Plan again and again, and serve metrics and the last plan.",
        "rules": "Show each rule, who it matches, and what it overlaps with.",
        "runs": "List past runs, newest first, or show one in full.",
        "resume": "Finish a run that was interrupted or killed.",
        "unlock": "Take the lock of a workspace away from a run.",
        "import": "Write a manifest of everyone as connected now.",
        "doctor": "Check that the tool can work here; changes nothing.",
        "schema": "Print a published JSON Schema.",
        "sandbox": "The embedded imitation of the Recall API.",
    }

    def load(self, name: str) -> TyperCommand | TyperGroup:
        module = import_module(f"reconciler.cli.commands.{_MODULES.get(name, name)}")
        if name == "sandbox":
            return typer.main.get_group(module.app)
        one = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
        )
        one.command(name, cls=Command)(getattr(module, _FUNCTIONS.get(name, name)))
        return cast("TyperCommand", typer.main.get_command(one))


# `import` is a word of Python, and a hyphen no part of one.
_MODULES = {"import": "import_manifest", "connect-link": "connect_link"}
_FUNCTIONS = {"import": "import_", "connect-link": "connect_link"}

app = typer.Typer(
    name="reconciler",
    cls=_Commands,
    help="Say in git which calendar platforms each person has connected at Recall.ai.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit statuses: 0 success, 1 defect, 2 changes and 7 something waits for a person "
    "(both only with --detailed-exitcode), 3 refused by a guard, no ledger found or no link, "
    "4 partly applied, 5 saved plan unusable, 6 observation incomplete, "
    "8 somebody is connected and in no manifest (with `unmanaged: fail`), 64 usage, "
    "65 invalid manifest or configuration, 69 API unreachable, 75 try later, "
    "77 credentials refused, 130/143 interrupted.",
)


def run(arguments: list[str]) -> int:
    """Run the command line; the exit status. Bad usage is 64, which no plan can mean."""
    make_writable()
    try:
        status = _run(arguments)
    except SystemExit as end:  # of the completion of shells
        status = end.code if isinstance(end.code, int) else Exit.OK
    lost = failure_of(sys.stdout)
    # A command has said so, and has its own status then; help, versions and schemas have not.
    if status == Exit.OK and lost is not None:
        report_lost(lost)
        return Exit.USAGE
    return status


def _run(arguments: list[str]) -> int:
    if "_RECONCILER_COMPLETE" in os.environ:
        options.get_ready()
    try:
        Path.cwd()
    except FileNotFoundError:
        return _report_bad_usage(arguments, "the working folder is gone: change to one that exists")
    try:
        status = app(
            options.with_shell(arguments) or ["--help"],
            prog_name="reconciler",
            standalone_mode=False,
        )
    except EndedWith as end:
        return end.status
    except UsageError as error:
        return _report_bad_usage(arguments, str(error))
    except typer.Abort:
        return Exit.INTERRUPTED
    except Exception as error:
        # The library keeps its errors to itself; this is what they have in common.
        if not hasattr(error, "format_message"):
            raise
        return _report_bad_usage(arguments, error.format_message())
    # The library ends by itself with help and versions, and with an interrupt of its own.
    return status if isinstance(status, int) else Exit.OK


def _report_bad_usage(arguments: list[str], message: str) -> int:
    """Say what is wrong with the arguments, in the format that a machine may wait for."""
    problem = Diagnostic(None, message, "`--help` after a command explains its options")
    form = _machine_format(arguments)
    report = ErrorReport(Exit.USAGE, (problem,))
    print_out(render(report, form or Format.TEXT), on_stderr=form is None)
    return Exit.USAGE


def _machine_format(arguments: list[str]) -> Format | None:
    """The format that a machine waits for, in arguments that nobody could parse."""
    for option, value in pairwise([*" ".join(arguments).replace("=", " ").split(), ""]):
        if option in ("--format", "-f") and value in (Format.JSON, Format.JSONL):
            return Format(value)
    return None


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"calendar-reconciler {reconciler.__version__}")
        raise typer.Exit


@app.callback()
def before(
    context: typer.Context,
    config: options.Config = None,
    workspace: options.WorkspaceNames = [],
    output_format: options.OutputFormat = Format.TEXT,
    report: options.Reports = [],
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    log_format: options.LogFormat = LogFormat.TEXT,
    install_completion: options.Install = None,
    show_completion: options.Show = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Say in git which calendar platforms each person has connected at Recall.ai."""
    _hand_down(
        context,
        {
            name: value
            for name, value in context.params.items()
            if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
        },
    )


def _takes_several(commands: Mapping[str, Any]) -> bool:
    params = (param for each in commands.values() if each for param in each.params)
    return any(param.name == "workspace" and param.multiple for param in params)


def _hand_down(context: typer.Context, given: Mapping[str, Any]) -> None:
    """Have the command that follows begin with what was ``given`` before it.

    Raises :class:`UsageError` for an option that the command does not take.
    """
    name = context.invoked_subcommand
    if not given or name is None:
        return
    _, command, _ = cast("LazyGroup", context.command).resolve_command(context, [name])
    within: Mapping[str, Any] = getattr(command, "commands", None) or {"": command}
    taken = {param.name for each in within.values() if each for param in each.params}
    for param in context.command.params:
        if param.name in given and param.name not in taken:
            raise UsageError(f"`{name}` takes no {max(param.opts, key=len)}")
    if "workspace" in given and not _takes_several(within):
        if len(given["workspace"]) > 1:
            raise UsageError(f"`{name}` works on one workspace: name one")
        given = {**given, "workspace": given["workspace"][0]}
    context.default_map = {name: given if "" in within else dict.fromkeys(within, given)}
