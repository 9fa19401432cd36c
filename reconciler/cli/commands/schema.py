"""``reconciler schema``: a published JSON Schema, for editors and pipelines."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.streams import print_out
from reconciler.manifest import schema_text


class SchemaName(StrEnum):
    """The documents that have a schema."""

    MANIFEST = "manifest"
    CONFIG = "config"
    WORKSPACE = "workspace"
    PLAN = "plan"
    REPORT = "report"


def schema(name: Annotated[SchemaName, typer.Argument(help="Which one.")]) -> None:
    """Print a published JSON Schema."""
    print_out(schema_text(name.value), on_stderr=False)
