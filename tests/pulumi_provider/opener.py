"""What a program does before it registers anything: a run with the plan of the folder, open."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.pulumi_provider import Fleet
from reconciler.pulumi_provider.evaluation import EvaluationRequest
from tests.pulumi_provider.evaluated import OWNER, approved


@contextmanager
def opened() -> Iterator[None]:
    """The run of the workspace ``trial``, for as long as the context lasts."""
    one = approved(Fleet("trial"), EvaluationRequest(OWNER), update=True)
    one.share_run()
    with one.open:
        yield
        one.close_run()
