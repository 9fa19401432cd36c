"""The lock that the Pulumi command holds on its stack, where a backend keeps it in a file.

``pulumi cancel`` only takes that file away there: the command that it cancels is not told, and
would go on to its end. (Pulumi's service tells it; other stores cannot be looked into from here.)
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

_SCHEME: Final = "file://"
_LOCKS: Final = ".pulumi/locks"


def stack_lock(environ: Mapping[str, str], pid: int) -> Path | None:
    """The lock of the command with the process id ``pid``; None where there is no such file."""
    url = environ.get("PULUMI_BACKEND_URL") or _logged_in(environ)
    if not url.startswith(_SCHEME):
        return None
    folder = Path(unquote(url.removeprefix(_SCHEME).partition("?")[0])).expanduser()
    held = (path for path in (folder / _LOCKS).rglob("*.json") if _read(path).get("pid") == pid)
    return next(held, None)


def _logged_in(environ: Mapping[str, str]) -> str:
    """The backend of ``pulumi login``."""
    home = environ.get("PULUMI_HOME")
    folder = Path(home) if home else Path.home() / ".pulumi"
    return str(_read(folder / "credentials.json").get("current") or "")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
