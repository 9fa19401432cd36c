"""What is delivered beside the Jobs: objects that the API server takes, and the watch."""

import json
import re

from tests.cluster.conftest import MakeWorld
from tests.cluster.fleets import Fleet
from tests.kubernetes.objects import SOURCES

METRICS = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9464/metrics").read().decode())
"""


def test_the_api_server_takes_every_object_and_warns_of_none(make_world: MakeWorld) -> None:
    world = make_world()
    for source in ("kustomize with git-sync", "helm with git-sync"):
        documents = "\n---\n".join(map(json.dumps, SOURCES[source]()))
        arguments = ("apply", "--dry-run=server", "--warnings-as-errors", "--filename=-")
        world.kubectl.run(*arguments, stdin=documents)


def test_the_watch_becomes_ready_and_shows_what_has_drifted(make_world: MakeWorld) -> None:
    world = make_world(Fleet(name="acme"), Fleet(name="globex", settled=True))
    world.deliver("watch")
    watch = "deployment/reconciler-watch"
    world.kubectl.run("wait", "--for=condition=Available", watch, "--timeout=180s")
    metrics = world.kubectl.run("exec", watch, "--", "python", "-c", METRICS)
    sample = r'^reconciler_actions\{.*workspace="(\w+)".*\} (\S+)$'
    found = [(name, float(count)) for name, count in re.findall(sample, metrics, re.MULTILINE)]
    assert [each for each in found if each[1]] == [("acme", 1), ("acme", 1)]  # one a reason
    assert world.disconnects() == {"acme": [], "globex": []}
