"""Which granularity is right for a fleet, said where it is not the one that was chosen."""

import logging

import pytest

from reconciler.pulumi_provider import Fleet, Granularity, declaring
from tests.pulumi_provider.mocked_program import Program

FOUR_DECLARED = 4


@pytest.mark.parametrize(
    ("granularity", "many", "advised"),
    [
        (Granularity.USER, FOUR_DECLARED - 1, True),
        (Granularity.USER, FOUR_DECLARED, False),
        (Granularity.FLEET, FOUR_DECLARED - 1, False),
    ],
)
def test_the_program_says_when_a_fleet_is_better_held_as_one_resource(
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    granularity: Granularity,
    many: int,
    advised: bool,
) -> None:
    monkeypatch.setattr(declaring, "MANY_RESOURCES", many)
    caplog.set_level(logging.INFO)
    program.declare(Fleet("trial", granularity=granularity))
    assert ("4 users are 4 resources" in caplog.text) == advised
    assert "1 waiting for a person to connect" in caplog.text
