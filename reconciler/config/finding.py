"""Which file is the configuration."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.domain import Diagnostic, InvalidInput
from reconciler.manifest.shown import visible

FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def find_configuration(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """``explicit`` (``--config``), or what ``RECONCILER_CONFIG`` names, or that in ``cwd``.

    The first that is given counts; it is not passed over for not being there. Raises
    :class:`InvalidInput` that names the places looked at.
    """
    named = environ.get(VARIABLE)
    if explicit is not None:
        path, place = cwd / explicit, f"{visible(str(explicit))} (--config)"
    elif named:
        path, place = cwd / named, f"{visible(named)} ({VARIABLE})"
    else:
        path = cwd / FILE_NAME
        place = f"--config (not given), {VARIABLE} (not set), {visible(str(path))}"
    if not _may_exist(path):
        hint = (
            f"name it by --config or {VARIABLE}, change to the folder it is in, or have"
            " `reconciler init` write one"
        )
        raise InvalidInput(Diagnostic(None, f"no configuration found; looked at: {place}", hint))
    return path


def _may_exist(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a folder that is shut; whoever reads the file will tell it
        return True
