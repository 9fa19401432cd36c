"""Failures of the network, in words."""

import errno
import socket

import httpcore
import pytest

from reconciler.recall.failures import describe


def as_a_library_raises_it(error: OSError) -> Exception:
    try:
        try:
            raise error
        except OSError as cause:
            raise httpcore.ConnectError(str(cause)) from cause
    except httpcore.ConnectError as raised:
        return raised


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "host not found"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "could not be looked up just now"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "network unreachable"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "host unreachable"),
        (ConnectionResetError(errno.ECONNRESET, "reset by peer"), "closed by the other side"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "timed out while connecting"),
    ],
    ids=lambda case: "" if isinstance(case, str) else str(case),
)
def test_a_failure_is_reported_in_words_and_without_its_number(error: OSError, said: str) -> None:
    shown = describe(as_a_library_raises_it(error))
    assert shown is not None
    assert said in shown
    assert "Errno" not in shown


def test_of_what_is_no_failure_of_the_network_nothing_is_said() -> None:
    assert describe(httpcore.RemoteProtocolError("illegal status line")) is None
