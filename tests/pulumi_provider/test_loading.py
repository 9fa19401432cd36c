"""What the provider's process loads before it acts: in a preview it never does."""

import subprocess
import sys
from pathlib import Path

from reconciler.domain import SqliteFile
from reconciler.ledger import open_ledger
from tests.pulumi_provider.fleet_folder import FleetFolder

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


ADOPTING = """
import sys
from reconciler.pulumi_provider.provider import CalendarUserProvider
place = {"workspace": "trial", "address": sys.argv[1], "configuration": "reconciler.yaml"}
user = {"user": "settled@example.com", "handover": "wait", "platforms": ["google"]}
provider = CalendarUserProvider()
created = provider.create(provider.check({}, place | user).inputs)
print(*created.outs["connected"], "sqlalchemy" in sys.modules)
"""


def printed(code: str, folder: Path) -> list[str]:
    """The lines of ``code``, run in a process of its own on a new fleet in ``folder``.

    There is a ledger: that there is none is known without loading SQLAlchemy.
    """
    with open_ledger(SqliteFile(folder / ".reconciler" / "ledger.db"), create=True):
        pass
    ended = subprocess.run(
        [sys.executable, "-c", code, FleetFolder(folder).address],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return ended.stdout.splitlines()


def test_adopting_somebody_of_whom_nothing_is_planned_needs_no_ledger(tmp_path: Path) -> None:
    assert printed(ADOPTING, tmp_path) == ["google False"]


REFRESHING = (
    ADOPTING
    + """
refreshed = provider.read(created.id, created.outs)
print(refreshed.id, *refreshed.outs["connected"], "sqlalchemy" in sys.modules)
gone = provider.read("gone@example.com", created.outs | {"user": "gone@example.com"})
print(gone.id, "sqlalchemy" in sys.modules)
"""
)


def test_a_refresh_asks_the_ledger_before_it_forgets_somebody_and_not_otherwise(
    tmp_path: Path,
) -> None:
    assert printed(REFRESHING, tmp_path) == [
        "google False",
        "settled@example.com google False",
        "None True",
    ]
