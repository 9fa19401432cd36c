"""Processes that open one ledger at the same moment: started, ready, let go together.

``python -m tests.ledger.openers PLACE [later]`` is one of them.
"""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.ledger import open_ledger
from tests.ledger.later import later_tool

ROOT = Path(__file__).parents[2]


def as_place(word: str) -> LedgerPlace:
    if word.startswith("/"):
        return SqliteFile(Path(word))
    return PostgresqlDatabase(word)


def open_together(place: LedgerPlace, count: int, *options: str) -> list[str]:
    """What each of ``count`` processes has to say of opening ``place``."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.openers", str(place), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0].strip() for process in processes]


def main() -> None:
    place = as_place(sys.argv[1])
    import alembic.command  # noqa: F401 - what takes long is over before the start

    with later_tool() if "later" in sys.argv else nullcontext():
        print("ready", flush=True)
        sys.stdin.readline()
        with open_ledger(place, create=True) as opened:
            print(f"made={opened.made}")


if __name__ == "__main__":
    main()
