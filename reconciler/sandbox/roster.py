"""The list of all calendar users, as it is and as it was."""

import sqlite3
from collections.abc import Iterator

_INSERTION = "SELECT CAST(document AS BLOB) FROM users ORDER BY seq"
_SHUFFLED = "SELECT CAST(document AS BLOB) FROM users ORDER BY shuffle, seq"


def documents(db: sqlite3.Connection, order: str) -> Iterator[bytes]:
    """All users as the API answers them; ``order`` is a switch of the behaviour."""
    rows = db.execute(_INSERTION if order == "insertion" else _SHUFFLED)
    return (row[0] for row in rows)


def documents_at(db: sqlite3.Connection, order: str, then: float) -> Iterator[bytes]:
    """All users as they were at sandbox time ``then``, at most an hour ago."""
    found: dict[int, tuple[int, str | None]] = {
        seq: (shuffle, document)
        for seq, shuffle, document in db.execute("SELECT seq, shuffle, document FROM users")
    }
    replaced = db.execute(
        "SELECT seq, shuffle, document FROM old_documents WHERE replaced_at > ?"
        " ORDER BY replaced_at DESC, rowid DESC",
        (then,),
    )
    for seq, shuffle, document in replaced:
        found[seq] = (shuffle, document)
    place = {seq: (0 if order == "insertion" else shuffle) for seq, (shuffle, _) in found.items()}
    for seq in sorted(found, key=lambda seq: (place[seq], seq)):
        document = found[seq][1]
        if document is not None:
            yield document.encode()
