"""The project that the watch is tested in: the one of the command line."""

from tests.cli.conftest import project, unused_port

__all__ = ["project", "unused_port"]
