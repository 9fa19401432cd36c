"""A Job that applies, from its template to the ledger."""

from tests.cluster.conftest import MakeWorld


def test_every_workspace_is_an_index_and_does_what_is_planned(make_world: MakeWorld) -> None:
    world = make_world()
    job = world.start("apply-1")
    assert job.ended() == "Complete"
    assert job.completed == {0, 1}
    assert [job.statuses(index) for index in (0, 1)] == [[0], [0]]
    assert world.disconnects() == world.planned()
    for name in world.fleets:
        (run,) = world.runs(name)
        assert (run["state"], run["summary"]["verified"]) == ("completed", 2)
