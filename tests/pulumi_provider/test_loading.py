"""What the provider's process loads before it acts: in a preview it never does."""

import subprocess
import sys

PROGRAM = """
import sys
from reconciler.pulumi_provider.provider import CalendarFleetProvider, CalendarUserProvider
user = {"workspace": "w", "address": "a", "configuration": "c", "user": "u", "handover": "wait"}
fleet = {"workspace": "w", "address": "a", "configuration": "c", "digest": "d", "declared": 1}
for provider, declared in ((CalendarUserProvider(), user), (CalendarFleetProvider(), fleet)):
    checked = provider.check({}, declared)
    assert checked.failures == []
    assert provider.diff("id", {}, checked.inputs).changes
heavy = {"reconciler.engine", "reconciler.applying", "reconciler.ledger", "httpx", "sqlalchemy"}
print(*sorted(heavy & sys.modules.keys()))
"""


def test_checking_and_comparing_loads_nothing_that_acts() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "\n"
