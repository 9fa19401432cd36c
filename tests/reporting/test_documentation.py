"""The page on reports knows every code."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

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
from reconciler.reporting import CheckState, Format, LedgerAccess, events, symbols
from reconciler.reporting.entries import OUTCOME_SYMBOLS
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


def types(kind: type[events.Event]) -> Iterator[str]:
    """The types of the lines that a kind of line comes in."""
    for subclass in kind.__subclasses__():
        if subclass is not events.Header:
            yield str(subclass.__struct_config__.tag)
        yield from types(subclass)


HEADERS = sorted(types(events.Header))
LINES = sorted(set(types(events.Event)) - set(HEADERS))


@pytest.mark.parametrize("kind", HEADERS)
def test_every_kind_of_report_is_in_the_page(kind: str) -> None:
    assert f"\n| `{kind}` | " in PAGE.split("## Kinds of report")[1].split("\n\n")[1]


@pytest.mark.parametrize("line", LINES)
def test_every_kind_of_line_is_in_the_page(line: str) -> None:
    assert f"`{line}`" in PAGE.split("## Lines of `jsonl`")[1].split("\n## ")[0]


@pytest.mark.parametrize("symbol", [symbols.ADDED, symbols.GONE], ids=lambda symbol: symbol.meaning)
def test_every_sign_of_a_change_is_in_the_page(symbol: symbols.Symbol) -> None:
    assert f"\n| `{symbol.mark}` | " in PAGE.split("## What changed")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "symbol", [*symbols.PLAN_SYMBOLS, symbols.SPARED], ids=lambda symbol: symbol.meaning
)
def test_every_sign_of_a_plan_is_in_the_page(symbol: symbols.Symbol) -> None:
    assert f"\n| `{symbol.mark}` | " in PAGE


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_stands_in_the_page_with_its_sign(outcome: Outcome) -> None:
    assert f"\n| `{OUTCOME_SYMBOLS[outcome].mark}` | `{outcome}` | " in PAGE
