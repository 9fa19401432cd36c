"""Programs that lose what their preview showed, go on after an error, or leave by themselves: what
was not done is never green."""

import pytest

from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import BOTH

LOSES = """\
import shutil
import pulumi
from reconciler.pulumi_provider.declaration import main

if not pulumi.runtime.is_dry_run():
    shutil.rmtree("{records}", ignore_errors=True)
main()
"""

DECLARES = """\
import sys
import pulumi
from reconciler.pulumi_provider import Fleet, Granularity, declare_fleet


def declare():
    return declare_fleet(Fleet("trial", granularity=Granularity("{granularity}")))


"""

LEAVES = """\
declared = declare()
if not pulumi.runtime.is_dry_run():
    declared["trial"]["settled@example.com"].outcome.apply(lambda _: sys.exit(0))
"""

GOES_ON = """\
try:
    declare()
except Exception:
    pulumi.log.info("going on")
"""


def declares(stack: Stack, what: str) -> None:
    stack.write("__main__.py", DECLARES.format(granularity=stack.granularity) + what)


@pytest.mark.sample
def test_an_update_whose_preview_was_lost_does_nothing(stack: Stack) -> None:
    stack.write("__main__.py", LOSES.format(records=stack.records))
    assert stack.up(RECONCILER_REPORT="json=report.json") == 1
    assert "the record of this command's preview is lost" in stack.out
    assert stack.resources() == {}
    assert stack.mutations() == 0
    shown = stack.report()
    assert (shown["kind"], shown["status"]) == ("error", 5)


def test_a_preview_that_was_lost_is_missed_whatever_the_message_of_the_update(
    by_user: Stack,
) -> None:
    by_user.write("__main__.py", LOSES.format(records=by_user.records))
    assert by_user.up("-mfix") == 1
    assert "the record of this command's preview is lost" in by_user.out
    assert by_user.mutations() == 0
    assert by_user.up("--skip-preview=1", "-mfix") == 0, by_user.out
    assert by_user.disconnects() == BOTH


def test_a_preview_that_cannot_be_kept_for_its_update_is_refused(stack: Stack) -> None:
    in_the_way = stack.folder / stack.records.name
    in_the_way.touch()
    nowhere = {"XDG_RUNTIME_DIR": "/nonexistent", "TMPDIR": str(in_the_way.parent)}
    assert stack.preview(**nowhere) == 0, stack.out
    assert stack.up("-mfix", **nowhere) != 0
    assert "the record of this preview cannot be kept for the update" in stack.out
    assert stack.resources() == {}
    assert stack.mutations() == 0


def test_a_program_that_leaves_while_it_is_updated_ends_red(stack: Stack) -> None:
    leaver = Match(endpoint="disconnect", external_id="leaver@example.com")
    stack.fail(Fault(kind=FaultKind.STATUS, status=400, match=leaver))
    declares(stack, LEAVES)
    assert stack.up("--skip-preview", RECONCILER_REPORT="json=report.json") != 0
    assert any(
        said in stack.out
        for said in (
            "1 of 2 planned actions not confirmed",
            "The program exited before its last",
        )
    )
    shown = stack.report()
    assert shown["status"] == 4
    assert stack.disconnects() == BOTH


def test_a_program_that_goes_on_after_a_refusal_ends_red(stack: Stack) -> None:
    stack.begin_converged()
    stack.configure("limits: {maxDisconnects: 0}")
    stack.declare("{id: settled@example.com, platforms: [], reason: left}")
    declares(stack, GOES_ON)
    for operation in (["preview"], ["up", "--yes", "--skip-preview"]):
        assert stack.run(*operation) != 0
        assert "going on" in stack.out
    assert stack.disconnects() == BOTH
