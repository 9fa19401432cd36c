"""Metrics, alert rules and dashboard, tried with the real Prometheus."""

import json
import re
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.watching.metrics import KINDS
from tests.cli.project import Project
from tests.cli.test_processes import wait_until
from tests.docs.markdown import ROOT
from tests.watching.prometheus import program
from tests.watching.test_command import read, watching
from tests.watching.watched import Watched

RULES = ROOT / "deploy/prometheus/reconciler.rules.yaml"
DASHBOARD = ROOT / "deploy/grafana/reconciler.json"
PAGE = (ROOT / "docs/watch.md").read_text("utf-8")
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    for rule in group["rules"]
}
NAMES = {kind.name for kind in KINDS}


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\breconciler_\w+", expression))


def test_the_page_has_a_row_for_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(reconciler_\w+)` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    expected = [
        (kind.name, ", ".join(f"`{label}`" for label in kind.labels), kind.help) for kind in KINDS
    ]
    assert rows == expected


def test_the_page_has_a_row_for_every_alert_and_no_other() -> None:
    assert re.findall(r"^\| `(Reconciler\w+)` \|", PAGE, re.MULTILINE) == list(ALERTS)


def test_every_alert_asks_for_metrics_that_exist_and_says_what_to_do() -> None:
    for alert in ALERTS.values():
        assert metrics_in(alert["expr"]) <= NAMES
        assert re.search(r"`reconciler |--interval|watch", alert["annotations"]["runbook"])
        for page, anchor in re.findall(r"(docs/[\w-]+\.md)(?:#([\w-]+))?", str(alert)):
            text = (ROOT / page).read_text("utf-8").lower()
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}
            assert not anchor or anchor in slugs, (page, anchor)


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in metrics_in(target["expr"])
    }
    assert asked <= NAMES
    assert len(asked) > 15


def test_every_metric_is_in_the_output_of_a_watch_with_runs(project: Project) -> None:
    assert project.run("apply", "--auto-approve") == 0
    watched = Watched(project.folder)
    watched.cycle()
    text = watched.metrics.text().decode()
    shown = set(re.findall(r"^# TYPE (reconciler_\w+)", text, re.MULTILINE))
    assert shown == NAMES - {"reconciler_lock_held_since_timestamp_seconds"}
    values = watched.values()
    assert values['reconciler_last_run_state{state="succeeded"}'] == 1
    assert values['reconciler_last_run_actions{outcome="verified"}'] == 2


def test_promtool_finds_no_fault_in_the_metrics(project: Project) -> None:
    project.run("apply", "--auto-approve")
    watched = Watched(project.folder)
    watched.cycle()
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=watched.metrics.text(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_promtool_finds_no_fault_in_the_rules() -> None:
    done = subprocess.run(
        [program("promtool"), "check", "rules", str(RULES)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


W = 'workspace="prod"'
HEALTHY = {
    f'reconciler_actions{{{W},kind="disconnect",reason="nothing_wanted"}}': "0x10000",
    f'reconciler_guard_refused{{{W},guard="max-disconnects"}}': "0x10000",
    f'reconciler_pending{{{W},reason="not_connected"}}': "0x10000",
    f"reconciler_watch_up{{{W}}}": "1x10000",
    'up{job="reconciler",instance="a:9464"}': "1x10000",
    f"reconciler_last_good_observation_timestamp_seconds{{{W}}}": "0+60x10000",
    f'reconciler_config_last_reload_successful{{{W},part="manifests"}}': "1x10000",
    f'reconciler_ledger_state{{{W},state="unreadable"}}': "0x10000",
    f"reconciler_dead_runs{{{W}}}": "0x10000",
    f'reconciler_last_run_state{{{W},state="partial"}}': "0x10000",
    f"reconciler_lock_held_since_timestamp_seconds{{{W}}}": "0+60x10000",
    f'reconciler_api_calls_total{{{W},operation="list_users",status="429"}}': "0x10000",
    f'reconciler_notification_failures_total{{{W},event="drift"}}': "0x10000",
}
"""Series of a watch without anything wrong, a sample a minute."""

WRONG = {
    "ReconcilerDrift": {
        f'reconciler_actions{{{W},kind="disconnect",reason="nothing_wanted"}}': "2x10000"
    },
    "ReconcilerPlanRefused": {
        f'reconciler_guard_refused{{{W},guard="max-disconnects"}}': "1x10000"
    },
    "ReconcilerPendingTooLong": {f'reconciler_pending{{{W},reason="not_connected"}}': "1x10000"},
    "ReconcilerWatchDown": {f"reconciler_watch_up{{{W}}}": "0x10000"},
    "ReconcilerObservationStale": {
        f"reconciler_last_good_observation_timestamp_seconds{{{W}}}": "0+60x4200 252000x300 _x9000"
    },
    "ReconcilerConfigurationBroken": {
        f'reconciler_config_last_reload_successful{{{W},part="manifests"}}': "0x10000"
    },
    "ReconcilerLedgerUnreadable": {f'reconciler_ledger_state{{{W},state="unreadable"}}': "1x10000"},
    "ReconcilerRunDied": {f"reconciler_dead_runs{{{W}}}": "1x10000"},
    "ReconcilerRunPartial": {f'reconciler_last_run_state{{{W},state="partial"}}': "1x10000"},
    "ReconcilerLockHeldLong": {
        f"reconciler_lock_held_since_timestamp_seconds{{{W}}}": "1000x10000"
    },
    "ReconcilerRateLimited": {
        f'reconciler_api_calls_total{{{W},operation="list_users",status="429"}}': "0+1x10000"
    },
    "ReconcilerNotificationsFailing": {
        f'reconciler_notification_failures_total{{{W},event="drift"}}': "0+1x10000"
    },
}
"""What is different when each alert has to fire."""

LATER = "75h"


def fires(folder: Path, series: dict[str, str], expression: str, expected: list[Any]) -> bytes:
    """What promtool says against ``expression`` having the ``expected`` samples on ``series``."""
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                "promql_expr_test": [
                    {"expr": expression, "eval_time": LATER, "exp_samples": expected}
                ],
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(json.dumps(test), "utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(path)], capture_output=True, check=False
    )
    return b"" if done.returncode == 0 else done.stdout + done.stderr


def test_no_alert_fires_on_a_healthy_workspace(tmp_path: Path) -> None:
    assert fires(tmp_path, HEALTHY, 'ALERTS{alertstate="firing"}', []) == b""


def test_there_is_a_series_for_every_alert() -> None:
    assert list(WRONG) == list(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_on_its_series_and_no_other_does(alert: str, tmp_path: Path) -> None:
    which = 'count by (alertname) (ALERTS{alertstate="firing"})'
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1}]
    assert fires(tmp_path, HEALTHY | WRONG[alert], which, expected) == b""


def test_drift_goes_on_alarming_while_the_api_cannot_be_reached(tmp_path: Path) -> None:
    seen = {f'reconciler_actions{{{W},kind="disconnect",reason="nothing_wanted"}}': "2x4200 _x9000"}
    expected = [{"labels": "{}", "value": 1}]
    expression = 'count(ALERTS{alertname="ReconcilerDrift",alertstate="firing"})'
    assert fires(tmp_path, HEALTHY | seen, expression, expected) == b""


def test_prometheus_scrapes_a_watch_and_answers_by_it(
    project: Project, tmp_path: Path, unused_port: int
) -> None:
    prometheus = program("prometheus")
    with watching(project) as (_, url):
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": "reconciler", "static_configs": [{"targets": [url[7:]]}]}
            ],
        }
        (tmp_path / "prometheus.yaml").write_text(json.dumps(settings), "utf-8")
        address = f"127.0.0.1:{unused_port}"
        with subprocess.Popen(
            [
                prometheus,
                f"--config.file={tmp_path / 'prometheus.yaml'}",
                f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                expression = urllib.parse.quote("sum by (workspace) (reconciler_actions)")
                answers: list[Any] = []

                def answered() -> bool:
                    try:
                        text = read(f"http://{address}/api/v1/query?query={expression}")
                    except OSError:
                        return False
                    answers[:] = json.loads(text)["data"]["result"]
                    return bool(answers)

                wait_until(answered)
                (answer,) = answers
                rules = json.loads(read(f"http://{address}/api/v1/rules"))
            finally:
                process.kill()
    assert answer["metric"] == {"workspace": "trial"}
    assert answer["value"][1] == "2"
    assert len(rules["data"]["groups"][0]["rules"]) == len(ALERTS)
