"""The metrics of the watch, for Prometheus: counters of its own work, and gauges of a snapshot.

What the last cycle could not find out has no value, and is never zero: Prometheus shows a gap. No
label names a user; every value of a label is a code of ours, the workspace's name, or an HTTP
status. This module loads prometheus-client, which is an extra.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    Counter,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import reconciler
from reconciler.domain import ApiCall, DeliveryState, NotificationEvent, Operation, Phase
from reconciler.domain.telemetry import NoTelemetry
from reconciler.planning import (
    ActionReason,
    Content,
    GuardName,
    Hold,
    PendingReason,
)
from reconciler.reporting import LedgerAccess
from reconciler.runs import Outcome
from reconciler.watching.run_state import LastRunState, last_run_state
from reconciler.watching.snapshot import CycleResult, ReloadState, WatchSnapshot

# When a counter was made is a metric of its own otherwise, which nobody asked for.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
THROTTLED: Final = "429"

_REASONS: Final = tuple(
    ("update_preferences" if reason is ActionReason.PREFERENCES_DIFFER else "disconnect", reason)
    for reason in ActionReason
)
_LEDGER_STATES: Final = (LedgerAccess.READ, LedgerAccess.NONE, LedgerAccess.UNREADABLE)


class MetricKind(Struct, frozen=True):
    """A metric as its page documents it: its labels beside ``workspace``, and what it says."""

    name: str
    labels: tuple[str, ...]
    help: str


UP: Final = MetricKind("reconciler_watch_up", (), "Whether the last cycle made a plan.")
INTERVAL: Final = MetricKind(
    "reconciler_watch_interval_seconds", (), "The shortest time from one cycle to the next."
)
LAST_CYCLE: Final = MetricKind(
    "reconciler_watch_last_cycle_timestamp_seconds", (), "When the last cycle ended."
)
GOOD_OBSERVATION: Final = MetricKind(
    "reconciler_last_good_observation_timestamp_seconds",
    (),
    "When the last list that was whole was requested.",
)
RELOADED: Final = MetricKind(
    "reconciler_config_last_reload_successful",
    ("part",),
    "Whether the configuration, or the manifests, could be read in the last cycle.",
)
RELOADED_AT: Final = MetricKind(
    "reconciler_config_last_reload_success_timestamp_seconds",
    ("part",),
    "When the configuration, or the manifests, were last read without an error.",
)
PHASES: Final = MetricKind(
    "reconciler_cycle_phase_duration_seconds",
    ("phase",),
    "How long the last cycle took, as a whole (cycle) and by phase.",
)
DECLARED: Final = MetricKind("reconciler_users_declared", (), "Users that are declared.")
OBSERVED: Final = MetricKind("reconciler_users_observed", (), "Calendar users in the list.")
CONVERGED: Final = MetricKind(
    "reconciler_users_converged", (), "Declared users who are connected as declared."
)
UNDETERMINED: Final = MetricKind(
    "reconciler_users_undetermined", (), "Declared users who are missing from an incomplete list."
)
UNDECLARED: Final = MetricKind(
    "reconciler_users_undeclared", (), "Calendar users who are connected and in no manifest."
)
ACTIONS: Final = MetricKind(
    "reconciler_actions", ("kind", "reason"), "Actions of the plan: what a run would do now."
)
HELD: Final = MetricKind(
    "reconciler_actions_held",
    ("hold",),
    "Actions that a hold keeps back; one with two holds counts under both.",
)
PENDING: Final = MetricKind(
    "reconciler_pending", ("reason",), "What waits for a person: to connect, or to correct an id."
)
REFUSED: Final = MetricKind(
    "reconciler_guard_refused", ("guard",), "Whether the guard refuses the plan."
)
PROBLEMS: Final = MetricKind(
    "reconciler_observation_problems", (), "What makes the list incomplete; 0 for a whole one."
)
LEDGER: Final = MetricKind(
    "reconciler_ledger_state",
    ("state",),
    "1 for how the ledger was found: read, none (no run has made one) or unreadable.",
)
LAST_RUN: Final = MetricKind(
    "reconciler_last_run_state", ("state",), "1 for how the last run went."
)
LAST_RUN_AT: Final = MetricKind(
    "reconciler_last_run_timestamp_seconds", (), "When the last run began."
)
LAST_RUN_ACTIONS: Final = MetricKind(
    "reconciler_last_run_actions", ("outcome",), "How the actions of the last run ended."
)
DEAD: Final = MetricKind(
    "reconciler_dead_runs", (), "Runs that died, or ended with calls in doubt; unresolved so far."
)
LOCKED: Final = MetricKind("reconciler_lock_held", (), "Whether a run holds the lock.")
LOCKED_SINCE: Final = MetricKind(
    "reconciler_lock_held_since_timestamp_seconds",
    (),
    "Since when a run holds the lock; absent while nobody does.",
)
BUILD: Final = MetricKind("reconciler_build_info", ("version",), "The version of the reconciler.")
CYCLES: Final = MetricKind(
    "reconciler_watch_cycles_total",
    ("result",),
    "Cycles that ended, by result: ok, stale (a plan of manifests or a configuration that can no"
    " longer be read), incomplete (a part of the list) or failed (no plan).",
)
CALLS: Final = MetricKind(
    "reconciler_api_calls_total",
    ("operation", "status"),
    "Attempts of API calls, by HTTP status; by error where no answer came.",
)

NOTIFICATION_FAILURES: Final = MetricKind(
    "reconciler_notification_failures_total",
    ("event",),
    "Notifications of the watch that could not be delivered, by event.",
)

KINDS: Final = (
    *(UP, INTERVAL, LAST_CYCLE, GOOD_OBSERVATION, RELOADED, RELOADED_AT, PHASES),
    *(DECLARED, OBSERVED, CONVERGED, UNDETERMINED, UNDECLARED),
    *(ACTIONS, HELD, PENDING, REFUSED, PROBLEMS),
    *(LEDGER, LAST_RUN, LAST_RUN_AT, LAST_RUN_ACTIONS, DEAD, LOCKED, LOCKED_SINCE),
    *(CYCLES, CALLS, NOTIFICATION_FAILURES, BUILD),
)
"""Every metric that there is."""


class WatchMetrics(NoTelemetry, Collector):
    """All metrics of one watch. Counts the calls that are reported to it; thread-safe.

    A snapshot is shown from :meth:`publish` on. Without ``counters``, as in a file that the next
    process writes again, only gauges are there.
    """

    def __init__(self, workspace: str, interval: float, *, counters: bool = True) -> None:
        self._workspace = workspace
        self._interval = interval
        self._snapshot: WatchSnapshot | None = None
        self._registry = CollectorRegistry()
        registry = self._registry if counters else None
        self._cycles = _counter(CYCLES, registry)
        self._calls = _counter(CALLS, registry)
        self._failures = _counter(NOTIFICATION_FAILURES, registry)
        for result in CycleResult:
            self._cycles.labels(workspace, result)
        for event in NotificationEvent:
            self._failures.labels(workspace, event)
        for status in ("200", THROTTLED):
            self._calls.labels(workspace, Operation.LIST_USERS, status)
        self._registry.register(self)

    def call(self, call: ApiCall) -> None:
        status = call.failure if call.status is None else str(call.status)
        self._calls.labels(self._workspace, call.operation, status).inc()

    def publish(self, snapshot: WatchSnapshot) -> None:
        """Show ``snapshot`` from now on."""
        self._snapshot = snapshot
        self._cycles.labels(self._workspace, snapshot.result).inc()
        for delivery in snapshot.current.deliveries if snapshot.current else ():
            if delivery.state is DeliveryState.FAILED:
                self._failures.labels(self._workspace, delivery.event).inc()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def families(self) -> Iterable[Metric]:
        """All metrics, to be put together with those of other workspaces."""
        return self._registry.collect()

    def collect(self) -> Iterable[Metric]:
        """The gauges of what is known now; called by the registry."""
        yield _family(BUILD, (), [((reconciler.__version__,), 1)])
        yield self._gauge(INTERVAL, self._interval)
        if self._snapshot is not None:
            yield from self._of_snapshot(self._snapshot)

    def _gauge(self, kind: MetricKind, value: float) -> Metric:
        return self._labelled(kind, [((), value)])

    def _labelled(
        self, kind: MetricKind, values: Iterable[tuple[tuple[str, ...], float]]
    ) -> Metric:
        return _family(kind, (self._workspace,), values)

    def _of_snapshot(self, snapshot: WatchSnapshot) -> Iterator[Metric]:
        yield self._gauge(UP, snapshot.current is not None)
        yield self._gauge(LAST_CYCLE, snapshot.ended.timestamp())
        if snapshot.good_at is not None:
            yield self._gauge(GOOD_OBSERVATION, snapshot.good_at.timestamp())
        yield from self._of_reloads(
            {"configuration": snapshot.configuration, "manifests": snapshot.manifests}
        )
        phases = [((str(phase),), snapshot.seconds.get(phase)) for phase in Phase]
        yield self._labelled(PHASES, [(label, took) for label, took in phases if took is not None])
        if snapshot.current is not None:
            yield from self._of_plan(snapshot.current.plan.content)
        yield from self._of_ledger(snapshot)

    def _of_reloads(self, parts: dict[str, ReloadState]) -> Iterator[Metric]:
        tried = {part: state for part, state in parts.items() if state != ReloadState()}
        yield self._labelled(
            RELOADED, [((part,), not state.problems) for part, state in tried.items()]
        )
        good = [(part, state.good_at) for part, state in tried.items() if state.good_at]
        yield self._labelled(RELOADED_AT, [((part,), at.timestamp()) for part, at in good])

    def _of_plan(self, content: Content) -> Iterator[Metric]:
        yield self._gauge(DECLARED, content.fleet.declared)
        yield self._gauge(OBSERVED, content.fleet.observed)
        yield self._gauge(CONVERGED, content.fleet.converged)
        yield self._gauge(UNDETERMINED, len(content.undetermined))
        yield self._gauge(UNDECLARED, len(content.undeclared))
        reasons = [action.reason for action in content.actions]
        yield self._labelled(
            ACTIONS, [((kind, reason), reasons.count(reason)) for kind, reason in _REASONS]
        )
        holds = [hold for blocked in content.blocked for hold in blocked.holds]
        yield self._labelled(HELD, [((hold,), holds.count(hold)) for hold in Hold])
        waiting = [pending.reason for pending in content.pending]
        yield self._labelled(PENDING, [((why,), waiting.count(why)) for why in PendingReason])
        refused = {verdict.guard for verdict in content.refusals}
        yield self._labelled(REFUSED, [((guard,), guard in refused) for guard in GuardName])
        yield self._gauge(PROBLEMS, len(content.problems))

    def _of_ledger(self, snapshot: WatchSnapshot) -> Iterator[Metric]:
        ledger = snapshot.ledger
        yield self._labelled(
            LEDGER, [((state,), state is ledger.state) for state in _LEDGER_STATES]
        )
        if ledger.state is not LedgerAccess.READ:
            return
        yield self._gauge(DEAD, ledger.dead)
        yield self._gauge(LOCKED, ledger.holder is not None)
        if ledger.holder is not None:
            yield self._gauge(LOCKED_SINCE, _timestamp(ledger.holder.since))
        if ledger.last is not None:
            state, outcomes = last_run_state(ledger.last), ledger.last.outcomes
            yield self._labelled(LAST_RUN, [((each,), each is state) for each in LastRunState])
            yield self._gauge(LAST_RUN_AT, _timestamp(ledger.last.opened))
            yield self._labelled(
                LAST_RUN_ACTIONS, [((each,), outcomes.get(each, 0)) for each in Outcome]
            )


def _counter(kind: MetricKind, registry: CollectorRegistry | None) -> Counter:
    return Counter(kind.name, kind.help, ("workspace", *kind.labels), registry=registry)


def _family(
    kind: MetricKind,
    workspace: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    names = ("workspace", *kind.labels) if workspace else kind.labels
    family = GaugeMetricFamily(kind.name, kind.help, labels=names)
    for labels, value in values:
        family.add_metric([*workspace, *map(str, labels)], float(value))
    return family


def _timestamp(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
