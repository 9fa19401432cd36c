"""No secret is readable on the cluster, not even where something fails because of it.

Every other test ends with the same search (tests/cluster/conftest.py).
"""

from tests.cluster.conftest import MakeWorld
from tests.cluster.delivery import of_job
from tests.cluster.fleets import Fleet
from tests.cluster.leaks import leaks
from tests.cluster.pods import PASSWORD, config_map, secret

ONE_RETRY = of_job("/backoffLimitPerIndex", 1)


def test_a_refused_key_and_a_refused_password_are_not_shown(make_world: MakeWorld) -> None:
    broken = {"kind": "status", "status": 500, "match": {"endpoint": "list_users"}}
    world = make_world(
        Fleet(name="acme"),
        Fleet(name="globex", wrong_key=True),
        Fleet(name="initech", faults=(broken | {"times": "forever"},)),
    )
    for overlay in ("drift", "apply"):
        world.deliver(overlay, patch=[ONE_RETRY])
        first = world.start(f"{overlay}-1", overlay)
        assert first.ended() == "FailedIndexes"
        assert [set(first.statuses(index)) for index in (1, 2)] == [{77}, {69}]
    assert world.disconnects() == {**world.planned(), "globex": [], "initech": []}
    world.kubectl.run("delete", "secret", "reconciler-ledger")
    wrong = f"[ledger]\npassword={PASSWORD[:-1]}\n"
    world.kubectl.create(secret("reconciler-ledger", {"pg_service.conf": wrong}))
    second = world.start("apply-2")
    assert second.ended() == "FailedIndexes"
    assert set(second.statuses()) == {75}
    assert leaks(world) == []


def test_a_secret_that_is_readable_is_found(make_world: MakeWorld) -> None:
    world = make_world()
    world.kubectl.create(config_map("by-mistake", {"key": world.fleets["acme"].key}))
    assert leaks(world) == ["ConfigMap by-mistake"]
    world.kubectl.run("delete", "configmap", "by-mistake")
