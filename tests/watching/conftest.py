"""What the watch is tested in: the project of the command line, and a disk that can be full."""

from tests.cli.conftest import project, unused_port
from tests.ledger.test_sqlite_trouble import small_disk

__all__ = ["project", "small_disk", "unused_port"]
