"""Patterns with ``*``."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.protection import Wildcard

TEXT = st.text("ab.", max_size=8)


@given(st.text("ab.*", max_size=8), TEXT)
def test_a_pattern_matches_what_the_regular_expression_would(pattern: str, text: str) -> None:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert Wildcard(pattern).matches(text) == bool(re.fullmatch(expression, text))


@pytest.mark.parametrize("text", ["aa", "aba", "a"])
def test_the_ends_of_a_pattern_do_not_overlap(text: str) -> None:
    assert Wildcard("a*a").matches(text) == (text != "a")


def test_many_stars_on_a_long_text_that_nearly_fits_are_no_work() -> None:
    assert not Wildcard("*a" * 200 + "*b").matches("a" * 100_000)
