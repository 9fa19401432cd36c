"""The metrics of several workspaces as one text: a family for each metric, in it all workspaces.

Each workspace keeps its own, so that one that is no longer watched takes all of them with it.
"""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from reconciler.watching.metrics import BUILD, WatchMetrics


class AllMetrics(Collector):
    """The metrics of the workspaces in ``of``, which is replaced as a whole."""

    def __init__(self) -> None:
        self.of: Mapping[str, WatchMetrics] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Families with the samples of all workspaces; called by the registry."""
        merged: dict[str, Metric] = {}
        for _, metrics in sorted(self.of.items()):
            for family in metrics.families():
                first = merged.setdefault(family.name, family)
                if first is not family and family.name != BUILD.name:
                    first.samples.extend(family.samples)
        return merged.values()
