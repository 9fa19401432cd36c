"""What docs/kubernetes.md says that a Job does with each exit status."""

import re
from functools import cache
from typing import Final

from reconciler.domain import Exit
from tests.kubernetes.objects import ROOT

JOBS: Final = ("drift", "apply")
NEVER: Final = "does not occur"


@cache
def documented(job: str) -> dict[Exit, str]:
    """The outcome of each status: ``done``, ``failed``, ``again`` or :data:`NEVER`."""
    page = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
    found = {}
    for status in Exit:
        row = rf"^\| {int(status)} \| `{status.name}` \| (.*) \| (.*) \|$"
        (cells,) = re.findall(row, page, re.MULTILINE)
        found[status] = cells[JOBS.index(job)].partition(":")[0]
    return found
