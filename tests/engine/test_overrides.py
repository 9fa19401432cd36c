"""What may be allowed for one command, in the same words for both fronts."""

import pytest

from reconciler.cli.run_command import APPLY_TAKES
from reconciler.domain import InvalidInput
from reconciler.engine.approval import OTHER_WORKSPACE, Overrides, overrides_of
from reconciler.planning import GuardName


def test_the_environment_takes_every_word_of_the_command_line() -> None:
    found = overrides_of({"RECONCILER_ALLOW": ", ".join([*APPLY_TAKES, OTHER_WORKSPACE])})
    guards = frozenset(GuardName) - {GuardName.COMPLETE_OBSERVATION}
    assert found == Overrides(guards, new_ledger=True, other_workspace=True)


@pytest.mark.parametrize("environ", [{}, {"RECONCILER_ALLOW": ""}, {"RECONCILER_ALLOW": " ,"}])
def test_nothing_is_allowed_that_is_not_named(environ: dict[str, str]) -> None:
    assert overrides_of(environ) == Overrides()


def test_a_word_that_allows_nothing_is_refused_with_the_words_that_do() -> None:
    with pytest.raises(InvalidInput) as raised:
        overrides_of({"RECONCILER_ALLOW": "takeover,complete-observation"})
    (shown,) = raised.value.diagnostics
    assert shown.message == "RECONCILER_ALLOW names complete-observation, which cannot be allowed"
    assert "takeover" in (shown.hint or "")
