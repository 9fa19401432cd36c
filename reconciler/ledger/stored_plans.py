"""Plans in the ledger, and which of them were used.

The content is stored once for each digest, the envelope with each run. A plan is used from the
first durable intent of a run with it.
"""

import zlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection, Row, select

from reconciler.ledger.declared_users import Scope
from reconciler.ledger.errors import LedgerUnusable
from reconciler.ledger.rows import HINT, insert_new, refuse_foreign_rows
from reconciler.ledger.schema import plans, runs, used_plans
from reconciler.planning import (
    Action,
    Content,
    Envelope,
    Pending,
    Plan,
    Verdict,
    canonical_json,
    seal,
)
from reconciler.planning.canonical import digest
from reconciler.planning.plan_file import MAX_BYTES
from reconciler.runs import Front, JournalFailed, PendingKey, RecordedPlan

_content = msgspec.json.Decoder(Content)
_envelope = msgspec.json.Decoder(Envelope)
_verdicts = msgspec.json.Decoder(tuple[Verdict, ...])


_Decoded = TypeVar("_Decoded")


def pack_envelope(envelope: Envelope) -> bytes:
    """An envelope as ``runs`` stores it."""
    return zlib.compress(canonical_json(envelope))


def store_plan(connection: Connection, plan: Plan) -> dict[str, Any]:
    """Store the content of ``plan``. Returns the columns of ``runs`` for the rest of it."""
    data = canonical_json(plan.content)
    if len(data) > MAX_BYTES:  # we could not read it again
        raise LedgerUnusable(
            f"the plan is larger than {MAX_BYTES // 1024 // 1024} MB, too large for the ledger",
            "plan for some of the users: --select",
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


@refuse_foreign_rows()
def stored_plan(connection: Connection, run: Row[Any]) -> Plan | None:
    """The plan of a row of ``runs``; None if the run ended before it had one."""
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


@refuse_foreign_rows()
def stored_content(connection: Connection, name: str) -> Content:
    """The content whose digest is ``name``."""
    return _decoded(connection, name, _content)[0]


def last_plan(connection: Connection, scope: Scope, like: Content) -> RecordedPlan | None:
    """The plan of the last run that has one like ``like``: with its selection and its exclusion,
    and of a complete list.

    A run that resumes another has an old plan, so it does not count.
    """
    rows = connection.execute(
        select(runs)
        .where(
            runs.c.workspace == scope.workspace,
            runs.c.address == scope.address,
            runs.c.plan.is_not(None),
            runs.c.front != Front.RESUME,
        )
        .order_by(runs.c.number.desc())
        .limit(_MOST_LOOKED_AT)
    )
    for row in rows.all():
        part = _decoded(connection, row.plan, _narrowing)[0]
        if part == _Narrowing(like.selection, (), like.exclusion):
            plan = stored_plan(connection, row)
            return None if plan is None else RecordedPlan(row.run, row.opened_at, plan)
    return None


_MOST_LOOKED_AT: Final = 20
"""Runs whose plans are looked at for the last one of a part of the fleet."""


class _Narrowing(Struct, frozen=True):
    """The part of the fleet that a content is of."""

    selection: tuple[str, ...] | None
    problems: tuple[str, ...]
    exclusion: tuple[str, ...] | UnsetType = UNSET


_narrowing = msgspec.json.Decoder(_Narrowing)


class StoredPending(Struct, frozen=True):
    """Who was pending in a stored plan: ``keys``. ``whole`` says that nobody else was; the plan has
    ``size`` bytes."""

    keys: tuple[PendingKey, ...]
    whole: bool
    size: int


class _PendingPart(Struct, frozen=True):
    """What a content has about who is pending."""

    selection: tuple[str, ...] | None
    problems: tuple[str, ...]
    pending: tuple[Pending, ...]
    exclusion: tuple[str, ...] | UnsetType = UNSET

    @property
    def whole(self) -> bool:
        """Whether nobody else was pending."""
        return self.selection is None and self.exclusion is UNSET and not self.problems


@refuse_foreign_rows()
def stored_pending(connection: Connection, name: str) -> StoredPending:
    """Who was pending in the plan whose content has the digest ``name``."""
    part, size = _decoded(connection, name, _pending_part)
    keys = tuple((each.user, each.platform) for each in part.pending if each.platform is not None)
    return StoredPending(keys, part.whole, size)


def _decoded(
    connection: Connection, name: str, decoder: msgspec.json.Decoder[_Decoded]
) -> tuple[_Decoded, int]:
    """What ``decoder`` makes of the content with this digest, and the size of the content."""
    packed = connection.execute(
        select(plans.c.content).where(plans.c.digest == name)
    ).scalar_one_or_none()
    try:
        data = b"" if packed is None else _unpacked(packed)
        if digest(data) != name:
            raise LedgerUnusable(f"the ledger's plan {name} was altered", HINT)
        return decoder.decode(data), len(data)
    except (zlib.error, msgspec.DecodeError) as error:
        raise LedgerUnusable(f"the ledger's plan {name} cannot be read: {error}", HINT) from None


_pending_part = msgspec.json.Decoder(_PendingPart)


def _unpacked(packed: bytes) -> bytes:
    """The unpacked data, cut at the largest size of a plan."""
    return zlib.decompressobj().decompress(packed, MAX_BYTES)


def stored_actions(connection: Connection, run: Row[Any]) -> tuple[Action, ...]:
    """The actions of a run's plan; empty without a plan."""
    return () if run.plan is None else stored_content(connection, run.plan).actions


def pack_verdicts(verdicts: tuple[Verdict, ...]) -> str:
    """Verdicts as ``runs`` stores them."""
    return canonical_json(verdicts).decode()


@refuse_foreign_rows()
def unpack_verdicts(run: Row[Any]) -> tuple[Verdict, ...]:
    """The verdicts of a row of ``runs``."""
    try:
        return () if run.verdicts is None else _verdicts.decode(run.verdicts)
    except msgspec.DecodeError as error:
        raise LedgerUnusable(f"the ledger's verdicts of run {run.run}: {error}", HINT) from None


class UsingRun(NamedTuple):
    """A run that uses a plan, and the run that it resumes."""

    run: str
    resumes: str | None


def use_plan(connection: Connection, seal: str, user: UsingRun, at: str) -> None:
    """Record that ``user`` uses the plan with this seal.

    Raises :class:`JournalFailed` if another run used it that ``user`` does not continue.
    """
    if insert_new(connection, used_plans, seal=seal, run=user.run, at=at):
        return
    first = connection.execute(
        select(used_plans.c.run).where(used_plans.c.seal == seal)
    ).scalar_one()
    if first != user.run and first not in _resumed(connection, user):
        raise JournalFailed(f"the plan was already used by run {first}; plan again")


@refuse_foreign_rows()
def used_by(connection: Connection, seal: str) -> str | None:
    """The run that used the plan; the last one if it was resumed."""
    last: str | None = connection.execute(
        select(used_plans.c.run).where(used_plans.c.seal == seal)
    ).scalar_one_or_none()
    while last is not None:
        later = _continued_by(connection, last)
        if later is None:
            return last
        last = later
    return None


def _resumed(connection: Connection, user: UsingRun) -> Iterator[str]:
    """The runs that ``user`` continues, newest first."""
    resumed = user.resumes
    before: int | None = None
    while resumed is not None:
        yield resumed
        row = connection.execute(
            select(runs.c.number, runs.c.resumes).where(runs.c.run == resumed)
        ).one_or_none()
        if row is None or (before is not None and row.number >= before):
            return  # a run resumes only an earlier one
        before, resumed = row.number, row.resumes


def _continued_by(connection: Connection, run: str) -> str | None:
    """The last accepted run that resumed ``run``."""
    number = connection.execute(select(runs.c.number).where(runs.c.run == run)).scalar_one()
    later: str | None = connection.execute(
        select(runs.c.run)
        .where(runs.c.resumes == run, runs.c.accepted, runs.c.number > number)
        .order_by(runs.c.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    return later
