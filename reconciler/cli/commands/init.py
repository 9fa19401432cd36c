"""``reconciler init``: the first files of a folder of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.context import CommandContext
from reconciler.cli.errors import UsageError
from reconciler.config.loader import FILE_NAME
from reconciler.engine.init import (
    IGNORE,
    AlreadyThere,
    Begun,
    Pipeline,
    add_pipeline,
    begin,
)
from reconciler.recall.endpoint import REGIONS

_FOR_PIPELINES = (
    f"  {FILE_NAME}: set `ledger: postgresql+psycopg://…` and `requireLedger: true`; otherwise",
    "    each run of the pipeline begins with a new SQLite file",
    "  the pipeline: set up what its first lines ask for",
)


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
        typer.Option(
            help="Write a pipeline for this service too; alone, beside a reconciler.yaml that is"
            " there already.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the first files of a folder of your own.

    A commented reconciler.yaml, a folder of manifests and a .gitignore, in the folder where you
    are. Nothing is ever overwritten.
    """
    context = CommandContext()

    def body() -> str:
        known = ", ".join(REGIONS)
        adding = pipeline if region is None and not sandbox else None
        if adding and not Path(FILE_NAME).exists():
            raise UsageError(
                f"--pipeline alone adds to a {FILE_NAME}, and there is none here: say"
                f" --region REGION too (one of {known}), or --sandbox"
            )
        if not adding and (region is None) != sandbox:
            raise UsageError(f"say either --region REGION (one of {known}) or --sandbox")
        if region is not None and region not in REGIONS:
            raise UsageError(f"--region {region!r}: there are {known}")
        try:
            here = Path.cwd()
            if adding:
                begun = add_pipeline(here, adding, context.chosen_workspace().name)
            else:
                begun = begin(here, region, pipeline)
        except AlreadyThere as error:
            raise UsageError(str(error)) from None
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
        first = [] if adding else _next(region)
        return "\n".join(
            [*_report(begun), "", "Next:", *first, *(_FOR_PIPELINES if pipeline else ())]
        )

    context.run(body)


def _report(begun: Begun) -> list[str]:
    lines = [f"Wrote {name}" for name in begun.written]
    if IGNORE not in begun.written:
        lines.append(f"Left {IGNORE} as it was")
    lines += [f"Add to {IGNORE}: {line}" for line in begun.to_ignore]
    return lines


def _next(region: str | None) -> list[str]:
    if region is None:
        return ["  reconciler validate", "  reconciler plan"]
    return [
        "  export RECALL_API_KEY=…   # from your secret store",
        "  reconciler doctor",
        "  reconciler import -o manifests/imported.yaml   # everyone as connected today",
        "  reconciler plan",
    ]
