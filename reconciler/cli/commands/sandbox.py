"""``reconciler sandbox``: the embedded server, for hands-on trials, tests and demonstrations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from reconciler.cli import options
from reconciler.cli.command import Command
from reconciler.cli.context import DASH, CommandContext
from reconciler.cli.errors import UsageError
from reconciler.config import SandboxSource
from reconciler.domain import CalendarUser, Platform
from reconciler.planning.suggestions import did_you_mean
from reconciler.reporting import one_line
from reconciler.sandbox import (
    LoggedRequest,
    RemoteListenRefused,
    SandboxServer,
    SandboxState,
    UnknownUser,
    load_seed,
    open_seeded,
)

app = typer.Typer(
    help="The embedded imitation of the Recall API.",
    add_completion=False,
    rich_markup_mode=None,
)


@app.command(cls=Command)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    speed: Annotated[
        float | None, typer.Option(min=1, max=1000, help="How much faster its time runs.")
    ] = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines reach it.")
    ] = False,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
) -> None:
    """Serve the workspace's sandbox until ^C."""
    context = CommandContext(config, workspace)

    def body() -> str:
        source = _source(context)
        with open_seeded(source.state, source.seed):
            pass
        server = SandboxServer(
            source.state, host=host, port=port, speed=speed, allow_remote=allow_remote
        )

        def ready() -> None:
            context.remark(f"serving {source.state} on {server.url} until ^C")
            context.remark("its API key, for other clients: reconciler sandbox key")

        server.serve_forever(ready)
        return ""

    context.run(_usable(body))


@app.command(cls=Command)
def reset(config: options.Config = None, workspace: options.WorkspaceName = None) -> None:
    """Put the sandbox back to its seed."""
    context = CommandContext(config, workspace)

    def body() -> str:
        source = _source(context)
        with open_seeded(source.state, source.seed) as state:
            state.seed(load_seed(source.seed))
            return f"{len(state.users())} calendar users from {source.seed}"

    context.run(_usable(body))


@app.command(cls=Command)
def seed(
    file: Annotated[Path, typer.Argument(help="A seed file: users, behaviour, faults.")],
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
) -> None:
    """Replace what the sandbox holds with another seed."""
    context = CommandContext(config, workspace)

    def body() -> str:
        if file == DASH:
            raise UsageError("a seed is not read from standard input: name a file")
        with _state(context) as state:
            state.seed(load_seed(file))
            return f"{len(state.users())} calendar users from {file}"

    context.run(_usable(body))


@app.command(cls=Command)
def show(
    log: Annotated[
        bool, typer.Option("--log", help="The requests that it received, instead of its users.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, like the API.")] = False,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
) -> None:
    """What the sandbox holds now."""
    context = CommandContext(config, workspace)

    def body() -> str:
        with _state(context) as state:
            held: Sequence[LoggedRequest | CalendarUser] = state.log() if log else state.users()
        if as_json:
            return msgspec.json.format(msgspec.json.encode(held), indent=2).decode()
        return "\n".join(one_line(_line(entry)) for entry in held)

    context.run(_usable(body))


@app.command(cls=Command)
def key(config: options.Config = None, workspace: options.WorkspaceName = None) -> None:
    """Print the API key that the sandbox accepts. It opens nothing else."""
    context = CommandContext(config, workspace)

    def body() -> str:
        with _state(context) as state:
            return state.api_key.reveal()

    context.run(_usable(body))


@app.command(cls=Command)
def connect(
    user: Annotated[str, typer.Argument(help="The calendar user's external id.")],
    platform: Annotated[Platform, typer.Argument(help="What the person connects.")],
    email: Annotated[
        str | None,
        typer.Option(
            help="The account. [default: that of the user's other connection, or the id if it is"
            " an address; otherwise none]",
            show_default=False,
        ),
    ] = None,
    config: options.Config = None,
    workspace: options.WorkspaceName = None,
) -> None:
    """Do what only a person can do on the real API: connect a platform."""
    context = CommandContext(config, workspace)

    def body() -> str:
        with _state(context) as state:
            users = state.users()
            found = [each for each in users if each.external_id == user]
            if not found:
                known = [each.external_id for each in users if each.external_id]
                raise UsageError(
                    f"no calendar user has the external id {user!r}" + did_you_mean(user, known)
                )
            state.connect(user, platform, email or _account(found[0], platform))
            return f"{user} connected {platform}"

    context.run(_usable(body))


def _account(user: CalendarUser, platform: Platform) -> str | None:
    """What account somebody is taken to connect ``platform`` with; None where nothing says it."""
    others = [c.email for c in user.connections if c.platform != platform and c.connected]
    others_email = next(filter(None, others), None)
    name = user.external_id or ""
    return others_email or (name if "@" in name else None)


def _source(context: CommandContext) -> SandboxSource:
    chosen = context.chosen_workspace()
    if isinstance(chosen.remote, SandboxSource):
        return chosen.remote
    raise UsageError(f"workspace {chosen.name!r} is not on a sandbox")


@contextmanager
def _state(context: CommandContext) -> Iterator[SandboxState]:
    source = _source(context)
    with open_seeded(source.state, source.seed) as state:
        yield state


def _usable(body: Callable[[], str]) -> Callable[[], str]:
    """``body``, with what the sandbox refuses reported as bad usage."""

    def run() -> str:
        try:
            return body()
        except RemoteListenRefused as error:
            raise UsageError(f"{error}; if that is meant, say --allow-remote") from None
        except (UnknownUser, OSError) as error:
            raise UsageError(str(error)) from None

    return run


def _line(entry: LoggedRequest | CalendarUser) -> str:
    if isinstance(entry, LoggedRequest):
        subject = f" {entry.external_id}" if entry.external_id else ""
        effect = f" ({entry.effect})" if entry.effect else ""
        return f"{entry.seq:>6} {entry.method:<6} {entry.path} {entry.status}{subject}{effect}"
    accounts = ", ".join(
        f"{c.platform}: {c.email or 'connected'}" for c in entry.connections if c.connected
    )
    return f"{entry.external_id or '(no external_id)'}  {accounts or 'nothing connected'}"
