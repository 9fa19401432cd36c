"""The page on reports knows every code."""

from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from reconciler.planning import (
    ActionReason,
    GuardName,
    Hold,
    Judgement,
    NoticeCode,
    PendingReason,
    PreconditionResult,
    UnmanagedReason,
)
from reconciler.reporting import CheckState, Format, LedgerAccess, entries
from reconciler.reporting.entries import OUTCOME_SYMBOLS
from reconciler.reporting.json_document import AnyDocument
from reconciler.reporting.json_stream import AnyEvent
from reconciler.reporting.wording import guards, outcomes
from reconciler.reporting.wording.summary import STATUSES
from reconciler.runs import Cause, Front, HaltCause, Outcome, RunState, StepKind

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
ENUMS: tuple[type[StrEnum], ...] = (
    ActionReason,
    Cause,
    CheckState,
    Format,
    Front,
    GuardName,
    HaltCause,
    Hold,
    Judgement,
    LedgerAccess,
    NoticeCode,
    Outcome,
    PendingReason,
    RunState,
    UnmanagedReason,
    PreconditionResult,
    StepKind,
)
CODES = sorted({(kind.__name__, member.value) for kind in ENUMS for member in kind})


@pytest.mark.parametrize(("kind", "code"), CODES, ids=[f"{kind}.{code}" for kind, code in CODES])
def test_every_member_is_in_the_page(kind: str, code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("code", sorted(outcomes.REFUSALS))
def test_every_answer_of_the_api_is_in_the_page(code: str) -> None:
    assert f"| `{code}` |" in PAGE


@pytest.mark.parametrize("status", STATUSES)
def test_every_exit_status_is_in_the_page(status: int) -> None:
    assert f"\n| {status} | " in PAGE


@pytest.mark.parametrize("guard", GuardName)
def test_every_flag_is_in_the_page(guard: GuardName) -> None:
    flag = guards.flag(guard)
    assert flag is None or f"`{flag}`" in PAGE


KINDS = [str(kind.__struct_config__.tag) for kind in get_args(AnyDocument)]
EVENTS = [str(kind.__struct_config__.tag) for kind in get_args(AnyEvent)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_report_is_in_the_page(kind: str) -> None:
    assert f"\n| `{kind}` | " in PAGE.split("## Kinds of report")[1].split("\n\n")[1]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_in_the_page(event: str) -> None:
    assert f"| `{event}` |" in PAGE.split("## Lines of `jsonl`")[1].split("\n## ")[0]


@pytest.mark.parametrize("symbol", [entries.ADDED, entries.GONE], ids=lambda symbol: symbol.meaning)
def test_every_sign_of_a_change_is_in_the_page(symbol: entries.Symbol) -> None:
    assert f"\n| `{symbol.mark}` | " in PAGE.split("## What changed")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "symbol", [*entries.PLAN_SYMBOLS, entries.UNMANAGED], ids=lambda symbol: symbol.meaning
)
def test_every_sign_of_a_plan_is_in_the_page(symbol: entries.Symbol) -> None:
    assert f"\n| `{symbol.mark}` | " in PAGE


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_stands_in_the_page_with_its_sign(outcome: Outcome) -> None:
    assert f"\n| `{OUTCOME_SYMBOLS[outcome].mark}` | `{outcome}` | " in PAGE
