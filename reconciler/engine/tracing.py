"""Traces, where the standard variables of OpenTelemetry ask for them; otherwise nothing is loaded.

Whatever becomes of the traces, the result of a command is the same, and at most ``FLUSH_SECONDS``
later.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from reconciler.domain import NO_TELEMETRY, Telemetry, install_extra

FLUSH_SECONDS: Final = 2.0
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

log = logging.getLogger(__name__)


@contextmanager
def tracing(environ: Mapping[str, str], workspace: str) -> Iterator[Telemetry]:
    """What sends traces of work on ``workspace``, for as long as the context lasts.

    It is on if an endpoint is named, or `otlp` as the exporter of traces. Without the packages that
    it needs, it says so and traces nothing.
    """
    if not _wanted(environ):
        yield NO_TELEMETRY
        return
    try:
        from reconciler.engine.spans import SpanTelemetry  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        log.warning("no traces are sent: %s", install_extra("telemetry"))
        yield NO_TELEMETRY
        return
    telemetry = SpanTelemetry(environ, workspace)
    try:
        yield telemetry
    finally:
        telemetry.close(FLUSH_SECONDS)


def _wanted(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environ.get("OTEL_TRACES_EXPORTER", "")
    return exporter == "otlp" or (not exporter and any(environ.get(name) for name in _ENDPOINTS))
