"""The program's last step in an update: how did every planned action end?

It asks the ledger, not the resources' outputs: what a target or an option kept from the provider
has no output of this run.
"""

import atexit
import os
import sys
from collections.abc import Sequence
from typing import Final

import pulumi

from reconciler.pulumi_provider.judged import Judged
from reconciler.pulumi_provider.reports import ReportFile, run_report
from reconciler.pulumi_provider.resources import CalendarFleet, CalendarUser
from reconciler.reporting.wording import stacks

_SAID: Final = 32
"""The status of a program that failed and has said why (pulumi-language-python)."""


class Gate:
    """Lets the program end well only when everything that was planned is settled."""

    def __init__(self, judged: Sequence[Judged], report: ReportFile) -> None:
        self._judged = judged
        self._report = report
        self._closed = False
        # Where the program ends before it gets here: the runs are over all the same.
        atexit.register(self._leave)

    def close_after(self, resources: Sequence[CalendarUser | CalendarFleet]) -> None:
        """Close the gate once each of ``resources`` is done, known or not."""
        done = pulumi.Output.all(*(resource.outcomes for resource in dict.fromkeys(resources)))
        done.apply(lambda _: self._close(), run_with_unknowns=True)

    def _close(self) -> None:
        self._closed = True
        wrong = [said for one in self._judged if (said := self._unsettled(one))]
        if wrong:
            # Said here and now: a program that leaves by itself would take an exception along.
            pulumi.log.error("\n".join(wrong))
            sys.exit(_SAID)
        atexit.unregister(self._leave)

    def _unsettled(self, judged: Judged) -> str | None:
        """End the run of ``judged``, and tell what of it did not come to a good end."""
        name = judged.fleet.workspace
        try:
            with self._report.telling(name, judged.session.workspace), judged.stack:
                result = judged.close_shared_run()
                if result is None:
                    return None
                self._report.write(name, run_report(judged, result))
        except pulumi.RunError as error:
            return str(error)
        return None if result.converged else stacks.unsettled(judged.approved.plan.content, result)

    def _leave(self) -> None:
        """Let the program end red, whatever it ends with: it may have left by ``sys.exit(0)``, also
        past the error of this gate."""
        for one in self._judged:
            one.abandon()
        if not self._closed:
            sys.stderr.write(f"{stacks.UNJUDGED}\n")
        _end_red()


def ends_red() -> None:
    """From now on the program ends red, whatever it goes on to do: an error that it caught was an
    error all the same."""
    atexit.register(_end_red)


def _end_red() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_SAID)
