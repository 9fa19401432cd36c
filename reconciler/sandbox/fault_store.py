"""The faults of a state: kept with what is left of them, so that all processes count together."""

import sqlite3

import msgspec
from msgspec import Raw, Struct

from reconciler.sandbox import roster
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.fault import Fault, FaultKind

_fault = msgspec.json.Decoder(Fault)
_rows = msgspec.json.Decoder(list[Raw])


class ArmedFault(Struct, frozen=True):
    """A fault that hits the request at hand, with the number it is stored under."""

    seq: int
    fault: Fault


def add(db: sqlite3.Connection, fault: Fault, behaviour: Behaviour) -> None:
    """Arm a fault; one with an undated stale list keeps the list as it is now."""
    snapshot: bytes | None = None
    if fault.kind is FaultKind.STALE_LIST and fault.seconds is None:
        snapshot = b"[" + b",".join(roster.documents(db, behaviour.list_order)) + b"]"
    times = None if fault.times == "forever" else fault.times
    db.execute(
        "INSERT INTO faults (document, skip, times, snapshot) VALUES (?, ?, ?, ?)",
        (msgspec.json.encode(fault).decode(), fault.skip, times, snapshot),
    )


def clear(db: sqlite3.Connection) -> None:
    """Disarm all faults."""
    db.execute("DELETE FROM faults")


def armed(db: sqlite3.Connection) -> tuple[Fault, ...]:
    """The faults that can still hit, in the order they were added."""
    rows = db.execute("SELECT document FROM faults WHERE times IS NULL OR times > 0 ORDER BY seq")
    return tuple(_fault.decode(row[0]) for row in rows)


def claim(
    db: sqlite3.Connection, *, method: str, endpoint: str, external_id: str | None
) -> ArmedFault | None:
    """The first fault that hits such a request; counts the hit, and the requests it skips."""
    rows = db.execute(
        "SELECT seq, document, skip FROM faults WHERE times IS NULL OR times > 0 ORDER BY seq"
    ).fetchall()
    for seq, document, skip in rows:
        fault = _fault.decode(document)
        if not fault.fits(method=method, endpoint=endpoint, external_id=external_id):
            continue
        if skip:
            db.execute("UPDATE faults SET skip = skip - 1 WHERE seq = ?", (seq,))
            continue
        db.execute("UPDATE faults SET times = times - 1 WHERE seq = ?", (seq,))
        return ArmedFault(seq, fault)
    return None


def stale_rows(
    db: sqlite3.Connection, armed_fault: ArmedFault, behaviour: Behaviour, now: float
) -> list[bytes] | None:
    """The users that a stale list shows; None for other kinds."""
    fault = armed_fault.fault
    if fault.kind is not FaultKind.STALE_LIST:
        return None
    if fault.seconds is not None:
        return list(roster.documents_at(db, behaviour.list_order, now - fault.seconds))
    row = db.execute("SELECT snapshot FROM faults WHERE seq = ?", (armed_fault.seq,)).fetchone()
    return [bytes(raw) for raw in _rows.decode(row[0])] if row else []
