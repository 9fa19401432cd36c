"""The programs and variables that measured processes are started with."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PYTHON = sys.executable
RECONCILER = str(Path(sys.executable).parent / "reconciler")
CHECKOUT = Path(__file__).parents[1]
KEY = "bench-key"


def environment() -> Mapping[str, str]:
    """The environment of a measured process: ours without what would change its work."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RECONCILER_", "COVERAGE_", "PYTHON"))
    }
    return kept | {"RECALL_API_KEY": KEY, "PYTHONPATH": str(CHECKOUT)}
