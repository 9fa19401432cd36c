"""Reading a plan file from disk: hostile input until the codec has accepted it."""

from pathlib import Path

from reconciler.cli.errors import UsageError
from reconciler.cli.frame import DASH, Frame
from reconciler.planning import Plan, PlanUnusable, decode_plan
from reconciler.planning.codec import MAX_BYTES


def read_plan(frame: Frame, path: Path) -> Plan:
    """The plan in ``path``, which no output may replace; on standard input for ``-``.

    Raises ``PlanUnusable``, :class:`UsageError` for no such file.
    """
    try:
        if path == DASH:
            data = frame.standard_input(MAX_BYTES)
        else:
            frame.reads(path)
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from None
    try:
        return decode_plan(data)
    except PlanUnusable as error:
        raise PlanUnusable(f"{path}: {error}") from None
