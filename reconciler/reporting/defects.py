"""Where a defect of this tool is, for whoever reports it."""

import traceback
from pathlib import Path


def raised_at(error: BaseException) -> str:
    """``file:line`` at which ``error`` was raised."""
    # Not ``extract_tb``: it heeds ``sys.tracebacklimit``, which Pulumi's provider sets to nothing.
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{Path(frame.f_code.co_filename).name}:{line}"
