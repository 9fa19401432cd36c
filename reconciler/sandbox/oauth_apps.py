"""The applications registered at the platforms: who may ask for consent, and come back where.

A seed that names none leaves the sandbox easy: every client id is known, and comes back to the
sandbox itself. A seed that names some makes it strict, as the platforms are.
"""

import sqlite3
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from reconciler.domain import Platform


class OAuthApp(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An application at ``platform``. It may come back to the sandbox's own callback, and to
    ``redirect_uris``, which forward there."""

    platform: Platform
    client_id: Annotated[str, Meta(min_length=1)]
    redirect_uris: tuple[str, ...] = ()


def register(db: sqlite3.Connection, apps: Iterable[OAuthApp]) -> None:
    """Register ``apps``."""
    db.executemany(
        "INSERT OR REPLACE INTO apps VALUES (?, ?, ?)",
        (
            (app.platform.value, app.client_id, msgspec.json.encode(app.redirect_uris).decode())
            for app in apps
        ),
    )


def any_registered(db: sqlite3.Connection) -> bool:
    """Whether the sandbox is strict."""
    return db.execute("SELECT 1 FROM apps LIMIT 1").fetchone() is not None


def find(db: sqlite3.Connection, platform: Platform, client_id: str) -> OAuthApp | None:
    """The application with that id; without registered ones, every id is one."""
    row = db.execute(
        "SELECT redirect_uris FROM apps WHERE platform = ? AND client_id = ?",
        (platform.value, client_id),
    ).fetchone()
    if row is None:
        known = bool(client_id) and not any_registered(db)
        return OAuthApp(platform=platform, client_id=client_id) if known else None
    uris = msgspec.json.decode(row[0], type=tuple[str, ...])
    return OAuthApp(platform=platform, client_id=client_id, redirect_uris=uris)
