"""Plans in the ledger: the content once per digest, the envelope with each run."""

import zlib
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from reconciler.ledger.as_written import HINT, as_written
from reconciler.ledger.errors import LedgerUnusable
from reconciler.ledger.inserting import insert_new
from reconciler.ledger.schema import plans
from reconciler.planning import Action, Content, Envelope, Plan, Verdict, canonical_json, seal
from reconciler.planning.canonical import digest
from reconciler.planning.codec import MAX_BYTES

_content = msgspec.json.Decoder(Content)
_envelope = msgspec.json.Decoder(Envelope)
_verdicts = msgspec.json.Decoder(tuple[Verdict, ...])


def pack_envelope(envelope: Envelope) -> bytes:
    """An envelope as ``runs`` holds it."""
    return zlib.compress(canonical_json(envelope))


def store_plan(connection: Connection, plan: Plan) -> dict[str, Any]:
    """Store ``plan``'s content; the columns of ``runs`` that name and complete it."""
    data = canonical_json(plan.content)
    if len(data) > MAX_BYTES:  # it could not be read again
        raise LedgerUnusable(
            f"the plan is larger than {MAX_BYTES // 1024 // 1024} MB, which no ledger takes",
            "plan for a part of the users: --select",
        )
    name = digest(data)
    if connection.execute(select(plans.c.digest).where(plans.c.digest == name)).first() is None:
        insert_new(connection, plans, digest=name, content=zlib.compress(data))
    return {
        "plan": name,
        "envelope": pack_envelope(plan.envelope),
        "seal": seal(plan),
        "actions": len(plan.content.actions),
    }


@as_written()
def stored_plan(connection: Connection, run: Row[Any]) -> Plan | None:
    """The whole plan of a row of ``runs``; None where it ended before it had one."""
    if run.plan is None:
        return None
    try:
        envelope = _envelope.decode(_unpacked(run.envelope))
    except (zlib.error, msgspec.DecodeError) as error:
        raise LedgerUnusable(f"the ledger's envelope of run {run.run}: {error}", HINT) from None
    plan = Plan(stored_content(connection, run.plan), envelope)
    if seal(plan) != run.seal:
        raise LedgerUnusable(f"the ledger's plan of run {run.run} was altered", HINT)
    return plan


@as_written()
def stored_content(connection: Connection, name: str) -> Content:
    """The content whose digest is ``name``."""
    packed = connection.execute(
        select(plans.c.content).where(plans.c.digest == name)
    ).scalar_one_or_none()
    try:
        data = b"" if packed is None else _unpacked(packed)
        if digest(data) != name:
            raise LedgerUnusable(f"the ledger's plan {name} was altered", HINT)
        return _content.decode(data)
    except (zlib.error, msgspec.DecodeError) as error:
        raise LedgerUnusable(f"the ledger's plan {name} cannot be read: {error}", HINT) from None


def _unpacked(packed: bytes) -> bytes:
    """What was packed, and of what unpacks to more than a plan can be no more than that."""
    return zlib.decompressobj().decompress(packed, MAX_BYTES)


def stored_actions(connection: Connection, run: Row[Any]) -> tuple[Action, ...]:
    """The actions of a run's plan; none without a plan."""
    return () if run.plan is None else stored_content(connection, run.plan).actions


def pack_verdicts(verdicts: tuple[Verdict, ...]) -> str:
    """Verdicts as ``runs`` holds them."""
    return canonical_json(verdicts).decode()


@as_written()
def unpack_verdicts(run: Row[Any]) -> tuple[Verdict, ...]:
    """The verdicts of a row of ``runs``."""
    try:
        return () if run.verdicts is None else _verdicts.decode(run.verdicts)
    except msgspec.DecodeError as error:
        raise LedgerUnusable(f"the ledger's verdicts of run {run.run}: {error}", HINT) from None
