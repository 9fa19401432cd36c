"""Writes plan files, and reads them as hostile input.

A file is the canonical JSON of ``{"content", "envelope", "seal"}`` and a line feed. The seal is the
digest of content and envelope together: it finds accidents, not forgers. We refuse a file that is
not byte for byte its own canonical form, so that nothing hides in parts that a reader skips. Forged
verdicts and limits are only shown: a run judges by its own.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from reconciler.planning.canonical import canonical_json, digest
from reconciler.planning.plan import (
    Content,
    Envelope,
    Plan,
)

MAX_BYTES: Final = 256 * 1024 * 1024
"""A plan of 100 000 disconnects is about 60 MB."""


class PlanUnusable(Exception):
    """A saved plan that must not be applied. The text says why."""


class _Sealed(Struct, frozen=True, forbid_unknown_fields=True):
    content: Content
    envelope: Envelope
    seal: str


def encode_plan(plan: Plan) -> bytes:
    """``plan`` as the bytes of a plan file."""
    return canonical_json(_Sealed(plan.content, plan.envelope, seal(plan))) + b"\n"


def decode_plan(data: bytes) -> Plan:
    """The plan in the bytes of a plan file.

    Raises :class:`PlanUnusable` for anything that :func:`encode_plan` would not write.
    """
    if len(data) > MAX_BYTES:
        raise PlanUnusable(f"the plan file is larger than {MAX_BYTES // 1024 // 1024} MB")
    try:
        sealed = _decoder.decode(data)
        plan = Plan(sealed.content, sealed.envelope)
        for moment in (plan.envelope.made, plan.envelope.expires):
            _moment(moment)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise PlanUnusable(
            f"not a plan file that `plan -o` has written: {_bounded(error)}"
        ) from None
    if sealed.seal != seal(plan):
        raise PlanUnusable("the plan file was altered: its seal does not match; plan again")
    if len({action.key for action in plan.content.actions}) != len(plan.content.actions):
        raise PlanUnusable("the plan file has the same action twice; plan again")
    if len({verdict.guard for verdict in plan.content.guards}) != len(plan.content.guards):
        raise PlanUnusable("the plan file has two verdicts of one guard; plan again")
    if encode_plan(plan) != data:
        raise PlanUnusable("the plan file was altered: it is not in canonical form; plan again")
    return plan


def seal(plan: Plan) -> str:
    """The digest of content and envelope together."""
    return digest(canonical_json(plan))


def expires_at(plan: Plan) -> datetime:
    """When ``plan`` stops being applicable, in UTC."""
    return _moment(plan.envelope.expires)


def made_at(plan: Plan) -> datetime:
    """When ``plan`` was made, in UTC."""
    return _moment(plan.envelope.made)


def _moment(text: str) -> datetime:
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"not a time: {text!r}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _bounded(error: BaseException) -> str:
    return str(error)[:200]


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_decoder = msgspec.json.Decoder(_Sealed)
