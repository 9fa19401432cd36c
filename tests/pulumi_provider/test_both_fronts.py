"""Whatever the fleet: the command line and the Pulumi front make the same disconnects."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.applying import Outcome
from reconciler.cli.app import run
from reconciler.domain import Platform
from reconciler.pulumi_provider import Granularity
from reconciler.pulumi_provider.cli_process import CliProcess
from reconciler.pulumi_provider.note import Note
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import BOTH, FleetFolder

_platforms = st.sets(st.sampled_from([platform.value for platform in Platform]))
_people = st.lists(
    st.tuples(
        _platforms,  # connected
        st.none() | _platforms,  # wanted
        st.sampled_from(["wait", "immediate"]),
    ),
    min_size=2,
    max_size=5,
)


@given(people=_people, granularity=st.sampled_from(Granularity))
@settings(max_examples=12, deadline=None, database=None, derandomize=True)
def test_both_fronts_make_the_same_disconnects(
    people: list[tuple[set[str], set[str] | None, str]], granularity: Granularity
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        folders = [_folder(Path(name), people) for name in (one, other)]
        by_command, by_pulumi = folders
        with one_command(by_command.folder):
            assert run(["apply", "--auto-approve", "--quiet"]) == 0
        with one_command(by_pulumi.folder):
            result, _ = update(granularity)
        assert result.converged
        assert by_pulumi.disconnects() == by_command.disconnects()
        assert by_pulumi.mutations() == by_command.mutations()
        for folder in folders:
            folder.sandbox.close()


def _folder(path: Path, people: list[tuple[set[str], set[str] | None, str]]) -> FleetFolder:
    seed, users = [], []
    for number, (connected, wanted, handover) in enumerate(people):
        mail = f"person{number}@example.com"
        held = ", ".join(f"{platform}: {mail}" for platform in sorted(connected))
        seed.append(f"  - {{external_id: {mail}, connected: {{{held}}}}}\n")
        fields = f"id: {mail}, handover: {handover}"
        if wanted is not None:
            fields += f", platforms: [{', '.join(sorted(wanted))}], reason: r"
        users.append(f"{{{fields}}}")
    start = "apiVersion: reconciler/sandbox/v1\nusers:\n"
    folder = FleetFolder(path, seed=start + "".join(seed))
    folder.configure("limits: {maxDisconnects: null, maxDisconnectPercent: null}")
    folder.declare(*users)
    return folder


@pytest.mark.parametrize("granularity", Granularity)
def test_what_failed_is_an_outcome_and_no_exception(
    tmp_path: Path, granularity: Granularity
) -> None:
    folder = FleetFolder(tmp_path)
    leaver = Match(endpoint="disconnect", external_id="leaver@example.com")
    folder.fail(Fault(kind=FaultKind.STATUS, status=400, match=leaver))
    with one_command(tmp_path):
        result, outputs = update(granularity)
    ended = {r.action.user: r.outcome for r in result.results}
    assert ended == {
        "leaver@example.com": Outcome.FAILED,
        "mover@example.com": Outcome.VERIFIED,
    }
    unsettled = [key for output in outputs for key in output["unsettled"]]
    assert unsettled == ["disconnect google of leaver@example.com"]
    assert folder.disconnects() == BOTH


def test_a_note_narrows_an_update_to_what_was_shown(tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path)
    with one_command(tmp_path):
        result, _ = update(note=Note(CliProcess(1, "then"), frozenset()))
    assert result.results == ()
    assert folder.mutations() == 0
