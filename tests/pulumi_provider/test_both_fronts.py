"""Whatever the fleet: the command line and the Pulumi front make the same disconnects."""

import tempfile
from pathlib import Path

import pulumi
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from reconciler.cli.app import run
from reconciler.pulumi_provider import Granularity
from reconciler.pulumi_provider.cli_process import CliProcess
from reconciler.pulumi_provider.preview_record import PreviewRecord
from reconciler.runs import Outcome
from reconciler.sandbox import Fault, FaultKind, Match
from tests.pulumi_provider.both_halves import one_command, update
from tests.pulumi_provider.fleet_folder import BOTH, FleetFolder


class Person(Struct, frozen=True):
    """A person: what Recall.ai lists of him, and what a manifest says on which level."""

    rows: int
    connected: frozenset[str]
    wanted: frozenset[str] | None
    level: str
    handover: str
    records: bool | None
    protected: bool
    file: str


NOBODY, GOOGLE, MICROSOFT = frozenset[str](), frozenset({"google"}), frozenset({"microsoft"})
BOTH_PLATFORMS = GOOGLE | MICROSOFT

# Most of them a person for whom there is something to do: else the fronts would agree on nothing.
_people = st.lists(
    st.builds(
        Person,
        rows=st.sampled_from([1, 1, 1, 1, 1, 0, 2]),
        connected=st.sampled_from([BOTH_PLATFORMS, BOTH_PLATFORMS, GOOGLE, MICROSOFT, NOBODY]),
        wanted=st.sampled_from([GOOGLE, MICROSOFT, NOBODY, BOTH_PLATFORMS, None]),
        level=st.sampled_from(["user", "group", "defaults"]),
        handover=st.sampled_from(["wait", "immediate"]),
        records=st.sampled_from([None, True, False]),
        protected=st.sampled_from([False, False, False, False, True]),
        file=st.sampled_from(["one", "two", "one", "two", "unmanaged"]),
    ),
    min_size=4,
    max_size=8,
)


_UNLISTED = Person(0, GOOGLE, MICROSOFT, "user", "immediate", None, protected=False, file="one")


@example(people=[_UNLISTED, _UNLISTED], granularity=Granularity.USER)  # both refuse
@given(people=_people, granularity=st.sampled_from(Granularity))
@settings(max_examples=25, deadline=None, database=None, derandomize=True)
def test_both_fronts_make_the_same_disconnects(
    people: list[Person], granularity: Granularity
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        folders = [_folder(Path(name), people) for name in (one, other)]
        by_command, by_pulumi = folders
        with one_command(by_command.folder):
            status = run(["apply", "--auto-approve", "--quiet"])
        with one_command(by_pulumi.folder):
            if status == 0:
                result, _ = update(granularity)
                assert result.converged
            else:
                assert status == 3
                with pytest.raises(pulumi.RunError, match="refused; nothing was changed"):
                    update(granularity)
        assert by_pulumi.disconnects() == by_command.disconnects()
        assert by_pulumi.mutations() == by_command.mutations()
        for folder in folders:
            folder.sandbox.close()


def _folder(path: Path, people: list[Person]) -> FleetFolder:
    seed, files = ["apiVersion: reconciler/sandbox/v1\nusers:\n"], {"one": "", "two": ""}
    for number, person in enumerate(people):
        mail = f"person{number}@example.com"
        held = ", ".join(f"{platform}: {mail}" for platform in sorted(person.connected))
        seed += [f"  - {{external_id: {mail}, connected: {{{held}}}}}\n"] * person.rows
        if person.file in files:
            files[person.file] += _document(mail, number, person)
    folder = FleetFolder(path, seed="".join(seed) if len(seed) > 1 else f"{seed[0][:-2]}: []\n")
    protected = [f"person{n}@example.com" for n, person in enumerate(people) if person.protected]
    folder.configure(
        "limits: {maxDisconnects: null, maxDisconnectPercent: null}\n"
        f"    protected: [{', '.join(protected)}]"
    )
    (folder.folder / "manifests/people.yaml").unlink()
    for name, documents in files.items():
        folder.write(f"manifests/{name}.yaml", documents or _HEAD + "users: []\n")
    return folder


_HEAD = "---\napiVersion: reconciler/v1\n"


def _document(mail: str, number: int, person: Person) -> str:
    """The person alone in a document, as defaults are for one."""
    fields = f"id: {mail}, handover: {person.handover}"
    if person.records is not None:
        fields += f", preferences: {{record_external: {str(person.records).lower()}}}"
    if person.wanted is None:
        return f"{_HEAD}users: [{{{fields}}}]\n"
    wanted = f"platforms: [{', '.join(sorted(person.wanted))}], reason: r"
    match person.level:
        case "group":
            group = f"groups: {{g{number}: {{{wanted}}}}}\n"
            return f"{_HEAD}{group}users: [{{{fields}, group: g{number}}}]\n"
        case "defaults" if person.wanted:
            return f"{_HEAD}defaults: {{{wanted.partition('],')[0]}]}}\nusers: [{{{fields}}}]\n"
        case _:
            return f"{_HEAD}users: [{{{fields}, {wanted}}}]\n"


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


def test_a_record_narrows_an_update_to_what_was_shown(tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path)
    with one_command(tmp_path):
        result, _ = update(record=PreviewRecord(CliProcess(1, "then", "here"), frozenset()))
    assert result.results == ()
    assert folder.mutations() == 0
