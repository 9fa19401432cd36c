"""Two stacks, or a stack and the command line, that declare the same people: program and provider.

Both halves are in this process; what the second owner declares stands in the same folder.
"""

from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from reconciler.cli.app import run
from reconciler.domain import COMMAND_LINE, SqliteFile, stack_owner
from reconciler.ledger import open_ledger, read_ledger
from reconciler.planning import GuardName, Judgement, Ownership
from reconciler.pulumi_provider import Granularity
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import BOTH, FleetFolder

ONE, TWO = stack_owner("organization/trial/one"), stack_owner("organization/trial/two")
KEPT = (
    "{id: mover@example.com, platforms: [google, microsoft]}",
    "{id: leaver@example.com, platforms: [google]}",
    "{id: settled@example.com, platforms: [google]}",
)
"""Both are to keep what the folder's manifest has disconnected."""

granularities = pytest.mark.parametrize("granularity", Granularity)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[FleetFolder]:
    with one_command(tmp_path):
        folder = FleetFolder(tmp_path)
        yield folder
        folder.sandbox.close()


def manifest(folder: FleetFolder) -> str:
    return (folder.folder / "manifests/people.yaml").read_text()


def ownership(folder: FleetFolder, owner: str) -> Ownership | None:
    with read_ledger(SqliteFile(folder.folder / ".reconciler/ledger.db")) as ledger:
        return ledger.history("trial", folder.address, owner).ownership


@granularities
def test_a_second_stack_that_disagrees_is_refused_with_both_names(
    folder: FleetFolder, granularity: Granularity
) -> None:
    disagreeing = manifest(folder)
    folder.declare(*KEPT)
    update(granularity, owner=ONE)
    folder.write("manifests/people.yaml", disagreeing)
    with pytest.raises(pulumi.RunError) as raised:
        update(granularity, owner=TWO)
    assert (
        "takeover refused: 2 declared users belong to another owner that declares other platforms:"
        f" leaver@example.com ({TWO} declares nothing, {ONE} declares google),"
        f" mover@example.com ({TWO} declares microsoft, {ONE} declares google and microsoft)."
        " If this is intended, run it with `RECONCILER_ALLOW=takeover` in the environment;"
    ) in str(raised.value)
    assert folder.mutations() == 0
    assert folder.tokens() == 0


@granularities
def test_where_it_is_allowed_program_and_provider_go_on(
    folder: FleetFolder, granularity: Granularity, monkeypatch: pytest.MonkeyPatch
) -> None:
    disagreeing = manifest(folder)
    folder.declare(*KEPT)
    update(granularity, owner=ONE)
    folder.write("manifests/people.yaml", disagreeing)
    monkeypatch.setenv("RECONCILER_ALLOW", "takeover")
    result, _ = update(granularity, owner=TWO)
    assert result.converged
    assert folder.disconnects() == BOTH
    assert ownership(folder, TWO) == Ownership(TWO, {})
    monkeypatch.delenv("RECONCILER_ALLOW")
    folder.declare(*KEPT)
    with pytest.raises(pulumi.RunError, match="takeover refused"):
        update(granularity, owner=ONE)


def test_stacks_that_agree_take_each_other_over_without_a_word(folder: FleetFolder) -> None:
    for owner in (ONE, TWO, ONE):
        result, _ = update(owner=owner)
        assert result.converged
    assert folder.disconnects() == BOTH
    found = ownership(folder, TWO)
    assert found is not None
    assert {owned.owner for owned in found.others.values()} == {ONE}
    assert len(found.others) == 4


def test_a_stack_is_refused_what_the_command_line_has_and_the_other_way_round(
    folder: FleetFolder,
) -> None:
    disagreeing = manifest(folder)
    folder.declare(*KEPT)
    assert run(["apply", "--auto-approve", "--quiet"]) == 0
    folder.write("manifests/people.yaml", disagreeing)
    with pytest.raises(pulumi.RunError, match=f"{COMMAND_LINE} declares google"):
        update(owner=ONE)
    folder.declare(*KEPT)
    update(owner=ONE)
    folder.write("manifests/people.yaml", disagreeing)
    assert run(["apply", "--auto-approve", "--quiet"]) == 3
    assert folder.mutations() == 0
    assert run(["apply", "--auto-approve", "--quiet", "--allow", "takeover"]) == 0
    assert folder.disconnects() == BOTH


def test_an_update_is_on_record_with_the_stack_that_it_acted_for(folder: FleetFolder) -> None:
    result, _ = update(owner=ONE)
    with open_ledger(SqliteFile(folder.folder / ".reconciler/ledger.db"), create=False) as ledger:
        story = ledger.run_history(result.run)
    assert story.summary.owner == ONE
    assert folder.disconnects() == BOTH


def test_a_refused_update_is_on_record_and_takes_nobody(folder: FleetFolder) -> None:
    disagreeing = manifest(folder)
    folder.declare(*KEPT)
    update(owner=ONE)
    folder.write("manifests/people.yaml", disagreeing)
    with pytest.raises(pulumi.RunError):
        update(owner=TWO)
    with open_ledger(SqliteFile(folder.folder / ".reconciler/ledger.db"), create=False) as ledger:
        refused = ledger.run_history(ledger.runs("trial", 1)[0].run)
    assert refused.summary.owner == TWO
    (verdict,) = [v for v in refused.verdicts if v.guard is GuardName.TAKEOVER]
    assert (verdict.judgement, verdict.actual) == (Judgement.REFUSED, 2)
    assert ownership(folder, ONE) == Ownership(ONE, {})
