"""Sends one request and returns its answer, or the error that says what went wrong.

It loads httpx, which takes a tenth of a second: the reader and the writer import this module only
when a client is made.
"""

import logging
from collections.abc import Callable

import httpx

import reconciler
from reconciler.domain import NO_TELEMETRY, ApiCall, Clock, Secret, Telemetry
from reconciler.recall.endpoint import ClientSettings, Endpoint, HttpAnswer, HttpCall
from reconciler.recall.errors import NotReached, NotSentInTime, RecallError, UnexpectedAnswer
from reconciler.recall.failures import FAILURES, network_error, refusal
from reconciler.recall.rate_limiter import Permit
from reconciler.recall.retries import server_time
from reconciler.recall.transport import ApiTransport, CallDeadline, GetOnlyTransport

log = logging.getLogger(__name__)

# At DEBUG httpcore logs whatever a server sends, without a limit.
logging.getLogger("httpcore").setLevel(logging.INFO)

# How much we read of an answer that is not 2xx: enough for its error message.
MAX_ERROR_BYTES = 4096

CUT_OFF = "cut_off"


class Channel:
    """Sends calls to one endpoint. Thread-safe. With ``get_only`` it can send nothing but GET.

    Without ``keep_alive`` each call has a connection of its own. On a reused connection, a server
    that closes it looks the same as a call that had its effect. ``server_ahead`` are the seconds by
    which the server's clock was ahead of ours at its last answer; None if that answer had no
    readable ``Date``. ``telemetry`` gets each call.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        settings: ClientSettings,
        get_only: bool = False,
        keep_alive: bool = True,
        telemetry: Telemetry = NO_TELEMETRY,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._settings = settings
        self._bound = CallDeadline()
        self._telemetry = telemetry
        self.server_ahead: float | None = None
        transport = ApiTransport(endpoint, self._bound, keep_alive=keep_alive)
        self._proxy_secrets = transport.proxy_secrets
        self._transport: httpx.BaseTransport = transport
        if get_only:
            self._transport = GetOnlyTransport(self._transport)
        self._headers = {
            "accept": "application/json",
            # On loopback compressing costs more than it saves.
            "accept-encoding": "identity" if endpoint.loopback else "gzip",
            "user-agent": f"calendar-reconciler/{reconciler.__version__}",
        }
        if not keep_alive:
            self._headers["connection"] = "close"

    def exchange(
        self, call: HttpCall, permit: Permit, on_bytes: Callable[[int], None] | None = None
    ) -> HttpAnswer:
        """Send ``call`` once and return its 2xx answer; ``on_bytes`` gets the bytes so far.

        Ends ``permit``: released if nothing was sent, otherwise answered.

        Raises RecallError: the kind that fits the status, NotReached, NotSentInTime, NoAnswer, or
        UnexpectedAnswer for an answer that is too long or wrongly encoded. No error refers to the
        request or to a library's exception, which may hold credentials.
        """
        result: HttpAnswer | RecallError | None = None
        began = self._clock.monotonic()
        try:
            result = self._attempt(call, on_bytes)
        finally:
            if isinstance(result, NotReached | NotSentInTime):
                permit.release()
            else:
                permit.answered()
            self._report(call, result, self._clock.monotonic() - began)
        if isinstance(result, RecallError):
            log.debug("%s", result.detail)
            # Raised here, outside the except clause, so that its context is no library exception.
            raise result
        log.debug("%s: HTTP %d, %d bytes", call.name, result.status, len(result.body))
        return result

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _report(
        self, call: HttpCall, result: HttpAnswer | RecallError | None, seconds: float
    ) -> None:
        failure = None
        if not isinstance(result, HttpAnswer):
            # Without a result, the caller's own deadline or cancellation cut it off.
            failure = CUT_OFF if result is None else result.code
        status = None if result is None else result.status
        self._telemetry.call(ApiCall(call.operation, status, failure, seconds, call.attempt))

    def _attempt(
        self, call: HttpCall, on_bytes: Callable[[int], None] | None
    ) -> HttpAnswer | RecallError:
        status: int | None = None
        try:
            with self._bound.within(call.total, self._to_leave(call)):
                response = self._transport.handle_request(self._request(call))
                status = response.status_code
                try:
                    answer = self._read(call, response, on_bytes)
                finally:
                    response.close()
        except FAILURES as error:
            departed = self._bound.departed
            return network_error(call, error, self._secrets(call), departed=departed, status=status)
        except httpx.DecodingError:
            return UnexpectedAnswer(
                f"{call.name}: the answer's compression is broken", status=status
            )
        if isinstance(answer, RecallError):
            return answer
        refused = refusal(
            call,
            answer,
            self._endpoint,
            self._clock.now(),
            self._settings.timeouts.retry_after_cap,
            self._secrets(call),
        )
        return refused or answer

    def _secrets(self, call: HttpCall) -> tuple[Secret, ...]:
        return *call.secrets(self._endpoint.key), *self._proxy_secrets

    def _to_leave(self, call: HttpCall) -> Callable[[], float] | None:
        leave_by = call.leave_by
        return None if leave_by is None else lambda: leave_by - self._clock.monotonic()

    def _request(self, call: HttpCall) -> httpx.Request:
        headers = dict(self._headers)
        if call.token is None:
            headers["authorization"] = f"Token {self._endpoint.key.reveal()}"
        else:
            headers["x-recallcalendarauthtoken"] = call.token.reveal()
        if call.content is not None:
            headers["content-type"] = "application/json"
        return httpx.Request(
            call.method,
            self._endpoint.url + call.path,
            headers=headers,
            content=call.content,
            extensions={"timeout": self._timeouts(call).as_dict(), "trace": self._bound.trace},
        )

    def _timeouts(self, call: HttpCall) -> httpx.Timeout:
        connect = self._settings.timeouts.connect
        return httpx.Timeout(connect=connect, read=call.silence, write=call.silence, pool=connect)

    def _read(
        self, call: HttpCall, response: httpx.Response, on_bytes: Callable[[int], None] | None
    ) -> HttpAnswer | RecallError:
        body = bytearray()
        date = server_time(response.headers.get_list("date"))
        self.server_ahead = (date - self._clock.now()).total_seconds() if date else None
        retry_after = tuple(response.headers.get_list("retry-after"))
        answer = HttpAnswer(response.status_code, body, retry_after, date)
        if not response.is_success:
            self._read_beginning(response, body)
            return answer
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > call.max_bytes:
                detail = f"{call.name}: the answer is longer than {call.max_bytes} bytes"
                return UnexpectedAnswer(detail, status=response.status_code)
            if on_bytes is not None:
                on_bytes(len(body))
        return answer

    def _read_beginning(self, response: httpx.Response, body: bytearray) -> None:
        # The status alone says what to do, so a body that breaks off does not matter.
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ERROR_BYTES:
                    del body[MAX_ERROR_BYTES:]
                    return
        except (*FAILURES, httpx.DecodingError):
            return
