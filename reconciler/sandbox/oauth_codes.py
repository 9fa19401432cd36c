"""The codes that the consent pages give: good once, for ten minutes, where they were asked for.

Only a digest of a code is stored.
"""

import hashlib
import secrets
import sqlite3
from typing import Final

from msgspec import Struct

from reconciler.domain import Platform

CODE_SECONDS: Final = 600.0

BAD_CODE: Final = "invalid_grant"
BAD_REDIRECT: Final = "redirect_uri_mismatch"


class Consent(Struct, frozen=True):
    """What somebody agreed to: their account, and whether Recall may come back without them."""

    platform: Platform
    redirect_uri: str
    email: str
    offline: bool


class CodeRefused(Exception):
    """A code cannot be exchanged; the text is the platform's word for why."""


def issue(db: sqlite3.Connection, consent: Consent, now: float) -> str:
    """A new code for ``consent``."""
    code = secrets.token_urlsafe(32)
    db.execute("DELETE FROM codes WHERE expires <= ?", (now,))
    db.execute(
        "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, 0)",
        (
            _digest(code),
            consent.platform.value,
            consent.redirect_uri,
            consent.email,
            consent.offline,
            now + CODE_SECONDS,
        ),
    )
    return code


def exchange(
    db: sqlite3.Connection, code: str, platform: Platform, redirect_uri: str | None, now: float
) -> Consent | None:
    """What ``code`` was given for; None if no consent page gave it. It is used up by this.

    ``redirect_uri`` is the one that ``state`` repeats. Raises :class:`CodeRefused`.
    """
    row = db.execute(
        "SELECT platform, redirect_uri, email, offline, expires, used FROM codes WHERE digest = ?",
        (_digest(code),),
    ).fetchone()
    if row is None:
        return None
    db.execute("UPDATE codes SET used = 1 WHERE digest = ?", (_digest(code),))
    consent = Consent(Platform(row[0]), row[1], row[2], bool(row[3]))
    if row[5] or row[4] <= now or consent.platform is not platform:
        raise CodeRefused(BAD_CODE)
    if consent.redirect_uri != redirect_uri:
        raise CodeRefused(BAD_REDIRECT)
    return consent


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
