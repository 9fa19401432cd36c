"""Where a secret of a world can be read by somebody who may not read Secrets."""

import base64
import json

from tests.cluster.pods import PASSWORD
from tests.cluster.world import World

READABLE = "configmaps,pods,jobs,cronjobs,deployments,networkpolicies,events"


def leaks(world: World) -> list[str]:
    """What shows an API key or the password of the ledger: objects, pods that are gone, logs."""
    texts = {
        f"{each['kind']} {each['metadata']['name']}": json.dumps(each)
        for each in world.kubectl.get(READABLE)["items"]
    }
    texts |= {f"pod {name}": json.dumps(pod) for name, pod in world.recording.pods.items()}
    texts |= {f"log of {pod}": text for pod, text in world.recording.everything().items()}
    secrets = {PASSWORD, *(each.key for each in world.fleets.values())}
    secrets |= {base64.b64encode(each.encode()).decode() for each in secrets}
    return sorted(where for where, text in texts.items() if any(each in text for each in secrets))
