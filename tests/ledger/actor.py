"""A process of its own that works on a ledger, as it is told line by line.

``python -m tests.ledger.actor PLACE LEASE BEAT`` reads JSON ``[command, argument …]`` and
answers each with ``{"ok": …}`` or ``{"error": its class, "text": …}``.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.domain import LedgerPlace, PostgresqlDatabase, SqliteFile
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.lock import LockTimes
from reconciler.ledger.open_run import OpenRun
from reconciler.planning import Action, Plan, seal
from reconciler.runs import StepJournal
from tests.ledger import samples
from tests.recall.fake_clock import FakeClock

PLANS = {"plan": samples.PLAN, "other": samples.OTHER_PLAN}


class _RealTime(FakeClock):
    def monotonic(self) -> float:
        return time.monotonic()


class Actor:
    """The commands."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._run: OpenRun | None = None
        self._steps: StepJournal | None = None
        self._id = ""
        self._plan: Plan = samples.PLAN

    def begin(self, lock_timeout: float = 0, resumes: str | None = None) -> str:
        """Open a run; its id."""
        run = samples.begin(
            self._ledger,
            samples.claim(resumes=resumes),
            clock=_RealTime(),
            lock_timeout=lock_timeout,
            pause=lambda seconds: time.sleep(min(seconds, 0.02)),
        )
        self._run = self._steps = run
        self._id = run.id
        return run.id

    def open(self, plan: str = "plan") -> None:
        """Let it act by this plan."""
        assert self._run
        self._plan = PLANS[plan]
        self._run.run_opened(samples.opened(self._id, self._plan))

    def join(self, plan: str = "plan", base_url: str = samples.ADDRESS) -> str:
        """Join the open run; its id."""
        joined = self._ledger.join(samples.WORKSPACE, base_url, seal=seal(PLANS[plan]))
        self._steps, self._id, self._plan = joined, joined.id, joined.plan
        return joined.id

    def intent(self, position: int, call: int = 1) -> None:
        self._journal.intent(samples.intent(self._id, self._action(position), call))

    def answer(self, position: int, code: str = "accepted") -> None:
        self._journal.answer(samples.answer(self._id, self._action(position), code))

    def read_back(self, position: int) -> None:
        self._journal.read_back(samples.read_back(self._id, self._action(position)))

    def outcome(self, position: int) -> None:
        self._journal.outcome(samples.ended(self._id, samples.verified(self._action(position))))

    def check(self) -> None:
        assert self._run
        self._run.check()

    def close(self) -> None:
        """Close the run with what it has done."""
        assert self._run
        story = self._run.run_history(self._id)
        results = [action.result for action in story.actions if action.result]
        self._run.run_closed(samples.closed(self._id, *results, by=self._plan))
        self._run.__exit__(None, None, None)

    def states(self) -> list[str]:
        """How the runs of the workspace are told, newest first."""
        return [summary.state.value for summary in self._ledger.runs(samples.WORKSPACE, 10)]

    @property
    def _journal(self) -> StepJournal:
        assert self._steps
        return self._steps

    def _action(self, position: int) -> Action:
        return self._plan.content.actions[position]


def place_of(text: str) -> LedgerPlace:
    return PostgresqlDatabase(text) if "://" in text else SqliteFile(Path(text))


def main() -> None:
    place, lease, beat = sys.argv[1:]
    times = LockTimes(lease=float(lease), beat=float(beat), poll=0.02)
    with samples.ledger_at(place_of(place), times) as ledger:
        actor = Actor(ledger)
        print(json.dumps({"ok": "ready"}), flush=True)
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            do: Callable[..., Any] = getattr(actor, command)
            try:
                reply = {"ok": do(*arguments)}
            except Exception as error:  # noqa: BLE001 - told to who asked
                reply = {"error": type(error).__name__, "text": str(error)}
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
