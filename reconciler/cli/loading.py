"""What ``plan`` and ``apply`` both begin with, under a progress bar."""

from collections.abc import Sequence
from pathlib import Path

from reconciler.cli.errors import UsageError
from reconciler.cli.frame import Frame
from reconciler.domain import DesiredState
from reconciler.engine import Observation, Session, observe
from reconciler.manifest import load_manifests


def load(frame: Frame, session: Session) -> DesiredState:
    """The manifests of the workspace. Raises ``domain.InvalidInput``."""
    with frame.progress().counting("Reading manifests") as done:
        return load_manifests(session.workspace.manifests, on_progress=done)


def list_users(frame: Frame, session: Session) -> Observation:
    """The workspace's calendar users. Raises ``recall.RecallError``."""
    what = f"Listing calendar users of {session.workspace.name}"
    with frame.progress().counting(what, in_bytes=True) as done:
        return observe(session, done)


def selectors_of(options: Sequence[str]) -> list[str] | None:
    """The selectors given, those in ``@FILE`` among them; None where none was given.

    Raises :class:`UsageError`.
    """
    if not options:
        return None
    found: list[str] = []
    for option in options:
        found.extend(_lines(Path(option[1:])) if option.startswith("@") else [option])
    return found


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"--select @{path}: {reason}") from None
    selectors = [line for line in lines if line and not line.startswith("#")]
    if not selectors:
        raise UsageError(f"--select @{path}: the file names nobody")
    return selectors
