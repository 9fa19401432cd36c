"""The clients under test, made for a scripted server."""

from reconciler.domain import ApiCall, CalendarUser, Deadline, RateLimits, Secret
from reconciler.domain.telemetry import NoTelemetry
from reconciler.recall import (
    CalendarReader,
    CalendarWriter,
    ClientSettings,
    Endpoint,
    RateLimiter,
    base_url_endpoint,
    sandbox_endpoint,
)
from tests.recall.fake_clock import FakeClock

KEY = "k3y-of-the-workspace"
TOKEN = "t0ken-of-a-user"
LISTED = CalendarUser("u-1", "alice@example.com", ())


def endpoint(url: str, *, own_url: bool = False) -> Endpoint:
    if own_url:
        return base_url_endpoint(url, Secret(KEY))
    return sandbox_endpoint("s1", url, Secret(KEY))


class Noted(NoTelemetry):
    """Telemetry that keeps the attempts, and no phases."""

    def __init__(self) -> None:
        self.calls: list[ApiCall] = []

    def call(self, call: ApiCall) -> None:
        self.calls.append(call)


class Clients:
    """A reader and a writer on one fake clock, without jitter."""

    def __init__(
        self,
        url: str,
        settings: ClientSettings | None = None,
        limits: RateLimits | None = None,
        *,
        own_url: bool = False,
    ) -> None:
        self.clock = FakeClock()
        self.noted = Noted()
        self.deadline = Deadline(self.clock)
        self.rate_limiter = RateLimiter(limits or RateLimits(share=1.0), self.clock)
        self.reader = CalendarReader(
            endpoint(url, own_url=own_url),
            clock=self.clock,
            rate_limiter=self.rate_limiter,
            settings=settings,
            jitter=lambda: 0.0,
            telemetry=self.noted,
        )
        self.writer = CalendarWriter(
            endpoint(url, own_url=own_url),
            clock=self.clock,
            rate_limiter=self.rate_limiter,
            settings=settings,
            jitter=lambda: 0.0,
            telemetry=self.noted,
        )

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.writer.close()
