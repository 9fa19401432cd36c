"""Traces: one span a phase and a call, nothing that names a user, and no effect on the result."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from reconciler.engine.spans import SpanTelemetry
from tests.cli.conftest import project
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.small_fleet import KEY
from tests.watching.watched import Watched

__all__ = ["project"]

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


class Collector:
    """Takes traces on loopback; with ``holds`` it answers nothing until it is closed."""

    def __init__(self, *, holds: bool = False, status: int = 200) -> None:
        self.bodies: list[bytes] = []
        self.released = threading.Event()
        collector = self
        if not holds:
            self.released.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.bodies.append(body)
                collector.released.wait()
                try:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:
                    return

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def spans(self) -> list[Span]:
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    found += list(scope.spans)
        return found


@contextmanager
def collector(monkeypatch: pytest.MonkeyPatch, **options: bool | int) -> Iterator[Collector]:
    taking = Collector(**options)  # type: ignore[arg-type]
    thread = threading.Thread(target=taking.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", taking.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(SpanTelemetry, "_gave_up", False)
    try:
        yield taking
    finally:
        taking.released.set()
        taking.server.shutdown()
        thread.join()
        taking.server.server_close()


def test_an_apply_is_a_trace_of_its_phases_and_calls(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector(monkeypatch) as taking:
        assert project.run("apply", "--auto-approve") == 0
    spans = {span.span_id: span for span in taking.spans}
    parents = {
        (span.name, spans[span.parent_span_id].name if span.parent_span_id else None)
        for span in spans.values()
    }
    assert parents == {
        ("command", None),
        ("load", "command"),
        ("observe", "command"),
        ("plan", "command"),
        ("apply", "command"),
        ("verify", "apply"),
        ("list_users", "observe"),
        ("authenticate", "apply"),
        ("get_user", "apply"),
        ("get_user", "verify"),
        ("disconnect", "apply"),
    }
    names = [span.name for span in spans.values()]
    assert names.count("disconnect") == 2
    assert len({span.trace_id for span in spans.values()}) == 1
    assert project.mutations() == BOTH


def test_a_trace_names_nobody_and_holds_no_secret(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector(monkeypatch) as taking:
        assert project.run("apply", "--auto-approve") == 0
        project.write("manifests/people.yaml", "users: [{id: somebody@example.com}]\n")
        assert project.run("plan") == 65
    sent = b"".join(taking.bodies)
    assert b"error.type" in sent
    for secret in (b"example.com", KEY.encode(), b"/api/", b"eyJ", b"manifests"):
        assert secret not in sent


def test_nothing_is_loaded_or_sent_unless_the_environment_asks(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "reconciler.engine.spans", None)
    for name, value in (("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_EXPORTER", "none")):
        monkeypatch.setenv(name, value)
        assert project.run("plan") == 0


def test_without_the_packages_a_command_says_what_to_install_and_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.delitem(sys.modules, "reconciler.engine.spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    assert project.run("plan") == 0
    assert "its extra `telemetry`" in project.err


@pytest.mark.parametrize("options", [{"holds": True}, {"status": 500}], ids=["hangs", "fails"])
def test_a_collector_that_fails_or_hangs_changes_no_result(
    project: Project, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool | int]
) -> None:
    with collector(monkeypatch, **options) as taking:
        assert project.run("apply", "--auto-approve") == 0
        # The command has ended although nobody has answered.
        assert taking.released.is_set() != options.get("holds", False)
        assert "opentelemetry" not in project.err
    assert project.mutations() == BOTH


def test_a_collector_that_nobody_is_changes_no_result(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(SpanTelemetry, "_gave_up", False)
    assert project.run("plan", "--detailed-exitcode") == 2
    assert project.err == ""


def test_each_cycle_of_a_watch_is_a_trace_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector(monkeypatch) as taking:
        watched = Watched(project.folder)
        traces = SpanTelemetry({}, "trial")
        watched.cycles.telemetry = traces
        watched.cycle()
        watched.cycle()
        traces.close(60)
    roots = [span for span in taking.spans if not span.parent_span_id]
    assert [span.name for span in roots] == ["cycle", "cycle"]
    assert len({span.trace_id for span in roots}) == 2
