"""Phases and calls as spans of OpenTelemetry, sent over HTTP. Loads its SDK, which is an extra.

A span holds codes, numbers and the name of the workspace. It never holds the text of an error,
which may name a user.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

import reconciler
from reconciler.domain import ApiCall, Phase

# The SDK logs what it cannot send, with the address, on standard error.
_SDK_LOG = logging.getLogger("opentelemetry")


class SpanTelemetry:
    """Makes a span of each phase and each attempt of a call; implements ``domain.Telemetry``.

    A call is part of the phase of its thread. A thread without one works for the innermost phase of
    the thread that made this object. Thread-safe.
    """

    _gave_up: ClassVar[bool] = False

    def __init__(self, environ: Mapping[str, str], workspace: str) -> None:
        _SDK_LOG.addHandler(logging.NullHandler())
        _SDK_LOG.propagate = False
        service = environ.get("OTEL_SERVICE_NAME") or "calendar-reconciler"
        resource = Resource.create(
            {"service.name": service, "service.version": reconciler.__version__}
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("reconciler")
        self._workspace = workspace
        self._owner = threading.get_ident()
        self._shared: list[Span] = []
        self._own = threading.local()

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        spans = self._spans()
        span = self._tracer.start_span(
            name,
            self._parent(),
            attributes={"reconciler.workspace": self._workspace},
        )
        spans.append(span)
        try:
            yield
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            spans.remove(span)
            span.end()

    def call(self, call: ApiCall) -> None:
        ended = time.time_ns()
        span = self._tracer.start_span(
            call.operation,
            self._parent(),
            SpanKind.CLIENT,
            {"reconciler.workspace": self._workspace, "reconciler.attempt": call.attempt},
            start_time=ended - int(call.seconds * 1e9),
        )
        if call.status is not None:
            span.set_attribute("http.response.status_code", call.status)
        if call.failure is not None:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", call.failure)
        span.end(ended)

    def close(self, seconds: float) -> None:
        """Send what is left, for at most ``seconds``. If that was too short once, what is left of
        later commands in this process is dropped at once."""
        cls = type(self)
        # Neither flush nor shutdown of the SDK keeps to a time limit of ours.
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(0 if cls._gave_up else seconds)
        cls._gave_up = cls._gave_up or thread.is_alive()

    def _spans(self) -> list[Span]:
        if threading.get_ident() == self._owner:
            return self._shared
        if not hasattr(self._own, "spans"):
            self._own.spans = []
        spans: list[Span] = self._own.spans
        return spans

    def _parent(self) -> Context:
        for spans in (self._spans(), self._shared):
            if spans:
                return set_span_in_context(spans[-1], Context())
        return Context()
