"""A fleet of a program that every guard let through, with all that is open for it."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass

from reconciler.applying import RunResult
from reconciler.domain import DesiredState
from reconciler.engine import ActingRun, Approved, Session, hand_over, take_back
from reconciler.planning import Action, PlanChanges
from reconciler.pulumi_provider.fleet import Fleet
from reconciler.reporting import LedgerView


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

    def hand_over(self) -> None:
        """Let the provider act on what was approved."""
        if self.run is not None:
            hand_over(self.run, self.approved)

    def take_back(self) -> RunResult | None:
        """How it ended; the run is closed. None outside of an update."""
        return None if self.run is None else take_back(self.run, self.approved)

    def abandon(self) -> None:
        """Let go of the run, with nothing done from now on."""
        gone = Abandoned("another part of the program failed")
        with suppress(Abandoned):
            self.stack.__exit__(Abandoned, gone, None)
