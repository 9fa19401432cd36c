"""``reconciler init``: the first files of a folder of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.errors import UsageError
from reconciler.cli.frame import Frame
from reconciler.engine.init import IGNORE, AlreadyThere, Begun, Pipeline, begin
from reconciler.recall.endpoint import REGIONS


def init(
    region: Annotated[
        str | None,
        typer.Option(
            metavar="REGION",
            help=f"Of your Recall.ai workspace: {', '.join(REGIONS)}.",
            autocompletion=lambda: list(REGIONS),
            show_default=False,
        ),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Try it on the embedded API: no account, no key.")
    ] = False,
    pipeline: Annotated[
        Pipeline | None,
        typer.Option(help="Write a pipeline for this service too.", show_default=False),
    ] = None,
) -> None:
    """Write the first files of a folder of your own.

    A commented reconciler.yaml, a folder of manifests and a .gitignore, in the folder where you
    are. Nothing is ever overwritten.
    """
    frame = Frame()

    def body() -> str:
        known = ", ".join(REGIONS)
        if (region is None) != sandbox:
            raise UsageError(f"say either --region REGION (one of {known}) or --sandbox")
        if region is not None and region not in REGIONS:
            raise UsageError(f"--region {region!r}: there are {known}")
        try:
            begun = begin(Path.cwd(), region, pipeline)
        except AlreadyThere as error:
            raise UsageError(str(error)) from None
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
        return "\n".join([*_told(begun), "", "Next:", *_next(region)])

    frame.run(body)


def _told(begun: Begun) -> list[str]:
    told = [f"Wrote {name}" for name in begun.written]
    if IGNORE not in begun.written:
        told.append(f"Left {IGNORE} as it was")
    told += [f"Add to {IGNORE}: {line}" for line in begun.to_ignore]
    return told


def _next(region: str | None) -> list[str]:
    if region is None:
        return ["  reconciler validate", "  reconciler plan"]
    return [
        "  export RECALL_API_KEY=…   # from your secret store",
        "  reconciler doctor",
        "  reconciler import -o manifests/imported.yaml   # everyone as connected today",
        "  reconciler plan",
    ]
