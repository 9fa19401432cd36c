"""A run as JSON Lines: one event a line as it happens, and last the whole report on one line.

``schemas/report.schema.json`` describes the lines under ``$defs/Line``. Every ``at`` is RFC 3339
in UTC.
"""

from typing import Literal

from msgspec import Struct

from reconciler.planning import Plan
from reconciler.reporting import json_parts
from reconciler.reporting.documents import Report
from reconciler.reporting.json_document import document
from reconciler.reporting.json_parts import FORMAT
from reconciler.reporting.json_text import encode
from reconciler.runs.journal import ActionResult, HaltCause


class StreamEvent(Struct, frozen=True, tag_field="type", kw_only=True):
    """What every event has: the moment at which it happened."""

    at: str


class StartedEvent(StreamEvent, frozen=True, tag="started", kw_only=True):
    """The command has started. The first line of a stream."""

    format: Literal["reconciler/report/v1"] = FORMAT
    tool_version: str


class PlannedEvent(StreamEvent, frozen=True, tag="planned", kw_only=True):
    """The plan is approved, and ``run`` acts on it from now on."""

    plan: json_parts.PlanOutline
    run: str


class OutcomeEvent(StreamEvent, frozen=True, tag="outcome", kw_only=True):
    """An action has ended: number ``done`` of ``total``."""

    done: int
    total: int
    result: json_parts.ActionOutcome


class WaitingEvent(StreamEvent, frozen=True, tag="waiting", kw_only=True):
    """Nothing ended for a while, and the run goes on; ``total`` is null until there is a plan."""

    done: int
    total: int | None
    message: str


class StoppedEvent(StreamEvent, frozen=True, tag="stopped", kw_only=True):
    """The run starts no new action from now on. What was sent is still read back."""

    halted: json_parts.Halt


AnyEvent = StartedEvent | PlannedEvent | OutcomeEvent | WaitingEvent | StoppedEvent


def event_line(event: AnyEvent) -> str:
    """``event`` as one line, with its line feed."""
    return f"{encode(event)}\n"


def last_line(report: Report) -> str:
    """``report`` as the line that ends a stream: the document of the format ``json``."""
    return f"{encode(document(report))}\n"


def planned(plan: Plan, run: str, at: str) -> PlannedEvent:
    """``plan`` is approved, and ``run`` acts on it."""
    return PlannedEvent(at=at, plan=json_parts.outline(plan), run=run)


def ended(
    result: ActionResult, plan: Plan, done: int, *, carried: frozenset[str], at: str
) -> OutcomeEvent:
    """``result`` is the ``done``-th of ``plan``; ``carried`` as in ``RunResult``."""
    return OutcomeEvent(
        at=at,
        done=done,
        total=len(plan.content.actions),
        result=json_parts.action_outcome(result, plan, carried),
    )


def stopped(cause: HaltCause, detail: str | None, signal: int | None, at: str) -> StoppedEvent:
    """The run stopped early for ``cause``."""
    return StoppedEvent(at=at, halted=json_parts.halt(cause, detail, signal))
