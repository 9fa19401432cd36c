"""The page on reports knows every code."""

from enum import StrEnum
from pathlib import Path

import pytest

from reconciler.applying.outcome import Cause, HaltCause, Outcome
from reconciler.planning import (
    ActionReason,
    GuardName,
    Hold,
    Judgement,
    NoticeCode,
    PendingReason,
    SparedReason,
    Standing,
)
from reconciler.reporting import CheckState, Format
from reconciler.reporting import sign as signs
from reconciler.reporting.entries import OUTCOME_SIGNS
from reconciler.reporting.wording import guards, outcomes
from reconciler.reporting.wording.statuses import STATUSES

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
ENUMS: tuple[type[StrEnum], ...] = (
    ActionReason,
    Cause,
    CheckState,
    Format,
    GuardName,
    HaltCause,
    Hold,
    Judgement,
    NoticeCode,
    Outcome,
    PendingReason,
    SparedReason,
    Standing,
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


@pytest.mark.parametrize("sign", [*signs.PLAN_SIGNS, signs.SPARED], ids=lambda sign: sign.meaning)
def test_every_sign_of_a_plan_is_in_the_page(sign: signs.Sign) -> None:
    assert f"\n| `{sign.mark}` | " in PAGE


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_stands_in_the_page_with_its_sign(outcome: Outcome) -> None:
    assert f"\n| `{OUTCOME_SIGNS[outcome].mark}` | `{outcome}` | " in PAGE
