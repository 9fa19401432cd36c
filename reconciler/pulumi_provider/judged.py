"""A fleet of a program that every guard let through, with all that is open for it."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass

from reconciler.domain import DesiredState
from reconciler.engine import ActingRun, Approved, Session, close_shared_run, share_run
from reconciler.planning import Action, PlanChanges
from reconciler.pulumi_provider.fleet import Fleet
from reconciler.reporting import LedgerView
from reconciler.runs import RunResult


class Abandoned(Exception):
    """Another workspace of the program was refused."""


@dataclass(frozen=True)
class Judged:
    """A fleet that may be registered.

    ``left`` appeared after the preview, and is not done. ``run`` is there in an update alone;
    ``stack`` holds it, and the session, open.
    """

    fleet: Fleet
    session: Session
    desired: DesiredState
    approved: Approved
    stack: ExitStack
    ledger: LedgerView
    left: tuple[Action, ...] = ()
    changes: PlanChanges | None = None
    run: ActingRun | None = None

    def share_run(self) -> None:
        """Let the provider act on what was approved."""
        if self.run is not None:
            share_run(self.run, self.approved)

    def close_shared_run(self) -> RunResult | None:
        """How it ended; the run is closed. None outside of an update."""
        return None if self.run is None else close_shared_run(self.run, self.approved)

    def abandon(self) -> None:
        """Let go of the run, with nothing done from now on."""
        gone = Abandoned("another part of the program failed")
        with suppress(Abandoned):
            self.stack.__exit__(Abandoned, gone, None)
