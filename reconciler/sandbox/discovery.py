"""Which process serves a state: ``serve_forever`` stores its address, the commands look it up.

An address counts only if it answers with the id of the state.
"""

import contextlib
import http.client
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from reconciler.domain import InvalidInput
from reconciler.process import is_running
from reconciler.sandbox.database import StateDatabase
from reconciler.sandbox.http_messages import HEALTH_PATH
from reconciler.sandbox.settings import read_settings

HEALTH_SECONDS = 1.0


@contextlib.contextmanager
def announced(database: StateDatabase, url: str) -> Iterator[None]:
    """Let other processes find the server at ``url`` for as long as the context lasts."""
    with database.transaction() as db:
        for (pid,) in db.execute("SELECT pid FROM servers").fetchall():
            if is_running(pid) is False:
                db.execute("DELETE FROM servers WHERE pid = ?", (pid,))
        db.execute("INSERT OR REPLACE INTO servers VALUES (?, ?)", (os.getpid(), url))
    try:
        yield
    finally:
        with database.transaction() as db:
            db.execute("DELETE FROM servers WHERE url = ?", (url,))


def running_server(state_path: Path) -> str | None:
    """The URL at which some process serves this state now with ``serve_forever``, or None."""
    if not state_path.exists():
        return None
    try:
        database = StateDatabase(state_path)
        with contextlib.closing(database), database.transaction() as db:
            state_id = read_settings(db, time.time).id
            urls = [row[0] for row in db.execute("SELECT url FROM servers ORDER BY rowid DESC")]
    except InvalidInput:
        return None
    return next((url for url in urls if _serves(url, state_id)), None)


def _serves(url: str, state_id: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=HEALTH_SECONDS
    )
    try:
        connection.request("GET", HEALTH_PATH)
        answer = connection.getresponse()
        body = msgspec.json.decode(answer.read(), type=dict[str, str])
    except (OSError, http.client.HTTPException, msgspec.DecodeError, msgspec.ValidationError):
        return False
    finally:
        connection.close()
    return body.get("id") == state_id
