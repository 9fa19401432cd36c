"""The last step of a program in an update: did every planned action come to its end?

It asks the ledger and not the outputs of the resources: an action that a target or an option kept
from the provider has no output of this run.
"""

import atexit
import os
import sys
from collections.abc import Sequence
from typing import Final

import pulumi

from reconciler.pulumi_provider.evaluation import ApprovedFleet, abandon
from reconciler.pulumi_provider.reports import ProgramReporter
from reconciler.pulumi_provider.resources import FleetResource, UserResource
from reconciler.reporting.wording import stacks

_EXPLAINED: Final = 32
"""The status of a program that failed and has said why (``pulumi-language-python``)."""


class CompletionCheck:
    """Lets the program succeed only if everything that was planned is done."""

    def __init__(self, fleets: Sequence[ApprovedFleet], reporter: ProgramReporter) -> None:
        self._fleets = fleets
        self._reporter = reporter
        self._done = False
        # The program may end before it gets here. Its runs end all the same.
        atexit.register(self._leave)

    def run_after(self, resources: Sequence[UserResource | FleetResource]) -> None:
        """Check once each of ``resources`` is done, whether its outputs are known or not."""
        done = pulumi.Output.all(*(resource.outcomes for resource in dict.fromkeys(resources)))
        done.apply(lambda _: self._check(), run_with_unknowns=True)

    def _check(self) -> None:
        self._done = True
        errors = [error for fleet in self._fleets if (error := self._close(fleet))]
        if errors:
            # Log it here and now: a program that exits by itself would lose an exception.
            pulumi.log.error("\n".join(errors))
            sys.exit(_EXPLAINED)
        atexit.unregister(self._leave)

    def _close(self, fleet: ApprovedFleet) -> str | None:
        """Close the run of ``fleet``; the error in words, if not everything went well."""
        try:
            with self._reporter.failures(fleet), fleet.open:
                result = fleet.close_run()
                return None if result is None else self._reporter.ended(fleet, result)
        except pulumi.RunError as error:
            return str(error)

    def _leave(self) -> None:
        """Let the program fail whatever its status is: it may call ``sys.exit(0)``, even after the
        error of this check."""
        abandon(self._fleets)
        if not self._done:
            sys.stderr.write(f"{stacks.UNCHECKED}\n")
        _fail()


def fail_at_exit() -> None:
    """Let the program fail whatever it still does: an error that it caught was an error."""
    atexit.register(_fail)


def _fail() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_EXPLAINED)
