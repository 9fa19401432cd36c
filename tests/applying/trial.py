"""One run against a sandbox over HTTP, and what the sandbox itself saw of it."""

import json
import random
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import msgspec
from msgspec import structs

from reconciler.applying import ApplySettings, Approved, RunContext, apply_plan
from reconciler.applying.run_context import READ_BACK_THREADS
from reconciler.domain import (
    CalendarUser,
    Cancellation,
    Deadline,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    Observation,
    ObservedState,
    Platform,
    Preferences,
    RateLimits,
    Rule,
    SourceLocation,
    Timeouts,
)
from reconciler.planning import (
    Action,
    Content,
    Disconnect,
    Envelope,
    FleetSize,
    GuardName,
    History,
    Judgement,
    Plan,
    Protection,
    Stale,
    Target,
    UserIndex,
    Verdict,
    desired_state,
    divide,
    make_plan,
)
from reconciler.recall import (
    CalendarReader,
    CalendarWriter,
    ClientSettings,
    Endpoint,
    RateLimiter,
    sandbox_endpoint,
)
from reconciler.runs import ActionResult, RunResult
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    LoggedRequest,
    Match,
    SandboxState,
    Seed,
    SeedPreferences,
    SeedUser,
)
from tests.applying.virtual_clock import VirtualClock
from tests.applying.watched_journal import WatchedJournal
from tests.planning.fleets import manifest

GOOGLE = Platform.GOOGLE
MICROSOFT = Platform.MICROSOFT
DISCONNECT = "/api/v1/calendar/user/disconnect/"
USER = "/api/v1/calendar/user/"
_ENVELOPE = Envelope("2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z", None, "1", "00", {})
DECLARED = {"somebody": frozenset([Platform.GOOGLE])}
VERDICTS = (Verdict(GuardName.MAX_DISCONNECTS, Judgement.PASSED, 1, 2),)
FLEET = FleetSize(2, 3)

Call = tuple[str, str, str, str]
"""A mutating call as the sandbox saw it: method, path, external id, platform or body."""


def person(user: str, *platforms: Platform, preferences: SeedPreferences | None = None) -> SeedUser:
    """Somebody in the sandbox with these platforms connected."""
    connected = {platform: f"{user}@{platform}.example.com" for platform in platforms}
    if preferences is None:
        return SeedUser(external_id=user, connected=connected)
    return SeedUser(external_id=user, connected=connected, preferences=preferences)


def wanted(
    user: str,
    *platforms: Platform,
    handover: Handover = Handover.WAIT,
    preferences: Preferences | None = None,
) -> DesiredUser:
    """Somebody declared to have exactly these platforms connected."""
    return DesiredUser(
        id=user,
        platforms=frozenset(platforms),
        handover=handover,
        reason="left",
        preferences=preferences,
        group=None,
        place=SourceLocation("users.yaml", 1, 1),
    )


def fault(
    kind: FaultKind = FaultKind.STATUS,
    *,
    on: str = "disconnect",
    user: str | None = None,
    times: int | None = 1,
    status: int | None = None,
    retry_after: str | None = None,
    skip: int = 0,
    after_effect: bool = False,
    latency: float = 0.0,
    answer_delay: float = 0.0,
) -> Fault:
    """Something that goes wrong at the endpoint ``on``: once unless told, or always (None)."""
    return Fault(
        kind=kind,
        match=Match(endpoint=on, external_id=user),
        times="forever" if times is None else times,
        skip=skip,
        status=status,
        headers={} if retry_after is None else {"Retry-After": retry_after},
        after_effect=after_effect,
        latency=latency,
        answer_delay=answer_delay,
    )


def disconnected(user: str, platform: Platform) -> Call:
    """The call that disconnects ``platform`` of ``user``."""
    return ("POST", DISCONNECT, user, platform.value)


def updated(user: str, **preferences: object) -> Call:
    """The call that sets ``preferences`` of ``user``, and nothing else."""
    return ("PUT", USER, user, json.dumps({"preferences": preferences}, sort_keys=True))


@dataclass(frozen=True)
class Done:
    """A run that is over."""

    plan: Plan
    result: RunResult
    log: tuple[LoggedRequest, ...]
    shown: tuple[ActionResult, ...]
    seconds: float

    @property
    def calls(self) -> list[Call]:
        """The mutating calls that arrived, in their order; minting a token is none."""
        return [
            (request.method, request.path, str(request.external_id), _what(request))
            for request in self.log
            if request.endpoint in {"disconnect", "update_user"}
        ]

    @property
    def tokens(self) -> list[str]:
        """For whom a token was asked, in order."""
        return [str(r.external_id) for r in self.log if r.endpoint == "authenticate"]

    @property
    def outcomes(self) -> dict[str, tuple[str, str]]:
        """Outcome and cause of each action, in plan order."""
        return {
            name(result.action): (result.outcome.value, result.cause)
            for result in self.result.results
        }

    def count(self, endpoint: str, user: str | None = None) -> int:
        """How many requests arrived at ``endpoint``."""
        return len(self.of(endpoint, user))

    def of(self, endpoint: str, user: str | None = None) -> list[LoggedRequest]:
        """The requests that arrived at ``endpoint``, about ``user`` if given."""
        return [
            request
            for request in self.log
            if request.endpoint == endpoint and user in (None, request.external_id)
        ]

    def detail(self, user: str) -> str:
        """What is said of the one action on ``user``."""
        (detail,) = [r.detail or "" for r in self.result.results if r.action.user == user]
        return detail


def name(action: Action) -> str:
    """An action in two words."""
    what = action.platform.value if isinstance(action, Disconnect) else "preferences"
    return f"{action.user} {what}"


def _what(request: LoggedRequest) -> str:
    body = json.loads(request.body or "{}")
    if request.endpoint == "disconnect":
        return str(body["platform"])
    return json.dumps(body, sort_keys=True)


class Trial:
    """A sandbox, the real clients on it, and a clock that only waiting moves."""

    def __init__(self, state: SandboxState, url: str, clock: VirtualClock) -> None:
        self.state = state
        self.clock = clock
        self.stop = Cancellation(clock.monotonic)
        self.journal = WatchedJournal()
        self.limits = RateLimits(share=1.0)
        self.client = ClientSettings(Timeouts(read=5.0))
        self.writer_type: type[CalendarWriter] = CalendarWriter
        self.reader_type: type[CalendarReader] = CalendarReader
        self.protection_type: type[Protection] = Protection
        self.carried: Sequence[ActionResult] = ()
        self.on_result: Callable[[ActionResult], None] = lambda _: None
        self._url = url

    @property
    def endpoint(self) -> Endpoint:
        return sandbox_endpoint(self.state.id, self._url, self.state.api_key)

    def people(
        self, *users: SeedUser, faults: Sequence[Fault] = (), behaviour: Behaviour | None = None
    ) -> None:
        """Begin with these, and with nothing in the log."""
        behaviour = behaviour or Behaviour()
        self.state.seed(Seed(users=users, faults=tuple(faults), behaviour=behaviour))

    def switch(self, **switches: object) -> None:
        """Let the sandbox behave otherwise."""
        behaviour = msgspec.structs.replace(self.state.behaviour(), **switches)
        self.state.set_behaviour(behaviour)

    def fail(self, *faults: Fault) -> None:
        """Let these things go wrong, from now on."""
        for one in faults:
            self.state.add_fault(one)

    def user(self, external_id: str) -> CalendarUser:
        """How somebody is now."""
        (found,) = [user for user in self.state.users() if user.external_id == external_id]
        return found

    def connected(self) -> dict[str, list[str]]:
        """What is connected now, by user."""
        return {
            str(user.external_id): [c.platform for c in user.connections if c.connected]
            for user in self.state.users()
        }

    def delete(self, user: str) -> None:
        """Somebody else deletes the calendar user."""
        self._as_somebody_else("DELETE", user)

    def rename(self, user: str, external_id: str) -> None:
        """Somebody else gives the calendar user another external id, be it taken or not."""
        behaviour = self.state.behaviour()
        self.state.set_behaviour(msgspec.structs.replace(behaviour, taken_external_id="allowed"))
        self._as_somebody_else("PUT", user, {"external_id": external_id})

    def prefer(self, user: str, **preferences: object) -> None:
        """Somebody else sets preferences."""
        self._as_somebody_else("PUT", user, {"preferences": preferences})

    def recreate(self, user: str, *platforms: Platform) -> None:
        """Somebody else makes the calendar user, who then connects these platforms."""
        with self._http() as http:
            self._token(http, user)
        for platform in platforms:
            self.state.connect(user, platform, f"{user}@{platform}.example.com")

    def _as_somebody_else(self, method: str, user: str, body: object = None) -> None:
        with self._http() as http:
            headers = {"x-recallcalendarauthtoken": self._token(http, user)}
            http.request(method, USER, json=body, headers=headers).raise_for_status()

    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, trust_env=False)

    def _token(self, http: httpx.Client, user: str) -> str:
        answer = http.post(
            "/api/v1/calendar/authenticate/",
            json={"user_id": user},
            headers={"authorization": f"Token {self.state.api_key.reveal()}"},
        )
        return str(answer.raise_for_status().json()["token"])

    def interrupt(self) -> None:
        """What SIGINT does."""
        self.stop.request(signal.SIGINT)

    def interrupt_after(self, seconds: float) -> None:
        """SIGINT so many seconds from now, at which every wait wakes."""
        self.clock.at(seconds, self.interrupt, wakes_all=True)

    def apply(
        self,
        *desired: DesiredUser,
        meanwhile: Callable[[], None] = lambda: None,
        again: bool = False,
        later: Sequence[DesiredUser] | None = None,
        protected: Sequence[str] = (),
        protected_later: Sequence[str] = (),
        settings: ApplySettings | None = None,
        rules: Sequence[Rule] = (),
        good_for: Mapping[str, float] = {},
    ) -> Done:
        """Plan, let ``meanwhile`` happen, and do the plan.

        ``good_for`` says for which users it holds only so many seconds, from the plan on.

        With ``again`` the run begins with a list of its own, as a saved plan's does, and then
        ``later`` is what is declared by then.
        """
        settings = settings or ApplySettings(workers=1)
        with self.clients() as (reader, writer):
            observed, observed_at = self.list(reader)
            content = self.content(self._desired(desired, rules, observed), observed, protected)
            now = self.clock.now()
            good_until = {user: now + timedelta(seconds=s) for user, s in good_for.items()}
            meanwhile()
            protection = self.protection_type((*protected, *protected_later))
            ready: Sequence[Action] = content.actions
            stale: Sequence[Stale] = ()
            if again:
                observed, observed_at = self.list(reader)
                declared = self._desired(desired if later is None else later, rules, observed)
                today = self.content(declared, observed, protection.patterns)
                ready, stale = divide(content, today, UserIndex(observed), protection)
            approved = self.approved(content, ready, stale, Observation(observed, observed_at))
            approved = replace(approved, good_until=good_until)
            return self.execute(approved, protection, reader, writer, settings)

    def _desired(
        self, users: Sequence[DesiredUser], rules: Sequence[Rule], observed: ObservedState
    ) -> DesiredState:
        declarations = structs.replace(manifest(*users).declarations, rules=tuple(rules))
        return desired_state(declarations, observed, self.clock.now())

    def approved(
        self,
        content: Content,
        ready: Sequence[Action],
        stale: Sequence[Stale],
        observation: Observation,
    ) -> Approved:
        carried = {result.action.key for result in self.carried}
        return Approved(
            plan=Plan(content, _ENVELOPE),
            verdicts=VERDICTS,
            fleet=FLEET,
            declared=DECLARED,
            seen=frozenset({"alice"}),
            carried=self.carried,
            ready=[action for action in ready if action.key not in carried],
            stale=[one for one in stale if one.action.key not in carried],
            observation=observation,
        )

    def execute(
        self,
        approved: Approved,
        protection: Protection,
        reader: CalendarReader,
        writer: CalendarWriter,
        settings: ApplySettings,
    ) -> Done:
        shown: list[ActionResult] = []
        lock = threading.Lock()

        def on_result(result: ActionResult) -> None:
            with lock:
                shown.append(result)
            self.on_result(result)

        self.clock.threads = settings.workers + READ_BACK_THREADS
        context = RunContext(
            "run-1",
            self.journal,
            approved.observation,
            reader=reader,
            writer=writer,
            protection=protection,
            clock=self.clock,
            cancellation=self.stop,
            settings=settings,
            jitter=random.Random(7),
            on_result=on_result,
            good_until=approved.good_until,
        )
        already = max((request.seq for request in self.state.log()), default=0)
        begun = self.clock.monotonic()
        result = apply_plan(approved, context, self.journal)
        seconds = self.clock.monotonic() - begun
        log = self.state.log(since=already)
        return Done(approved.plan, result, log, tuple(shown), seconds)

    @contextmanager
    def clients(self) -> Iterator[tuple[CalendarReader, CalendarWriter]]:
        """The real clients, which share their rate_limiter, without jitter."""
        rate_limiter = RateLimiter(self.limits, self.clock)
        with (
            self.reader_type(
                self.endpoint,
                clock=self.clock,
                rate_limiter=rate_limiter,
                settings=self.client,
                jitter=lambda: 0.0,
            ) as reader,
            self.writer_type(
                self.endpoint,
                clock=self.clock,
                rate_limiter=rate_limiter,
                settings=self.client,
                jitter=lambda: 0.0,
            ) as writer,
        ):
            yield reader, writer

    def list(self, reader: CalendarReader) -> tuple[ObservedState, float]:
        asked_at = self.clock.monotonic()
        return reader.list_users(Deadline(self.clock)), asked_at

    def content(
        self, desired: DesiredState, observed: ObservedState, protected: Sequence[str]
    ) -> Content:
        return make_plan(
            Target("trial", self.endpoint.address),
            desired,
            observed,
            limits=Limits(None, None),
            protection=Protection(tuple(protected)),
            history=History(),
        )
