"""What a program does before it registers anything: a run with the plan of the folder, open."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.engine.overrides import Overrides
from reconciler.pulumi_provider.fleet import Fleet
from reconciler.pulumi_provider.judging import Demands, judge_in_update
from reconciler.pulumi_provider.reports import ReportFile


@contextmanager
def opened() -> Iterator[None]:
    """The run of the workspace ``trial``, for as long as the context lasts."""
    demands = Demands("stack organization/trial/dev", None, Overrides(), ReportFile({}, ["trial"]))
    judged = judge_in_update(Fleet("trial"), demands, lambda _: None)
    judged.share_run()
    with judged.stack:
        yield
        judged.close_shared_run()
