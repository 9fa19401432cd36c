"""Which signals are one request, which one aborts, and which are not heard at all."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.cli.exits import Signalled, Signals
from reconciler.domain import Cancellation


class Trial:
    """Signals by a clock of its own, in a process that only says that it would end."""

    def __init__(self) -> None:
        self.now = 100.0
        self.ended: list[int] = []
        self.said: list[str] = []
        self.stop = Cancellation()
        self.signals = Signals(lambda: self.now, self.ended.append)

    def act(self) -> None:
        """From here on a signal stops in order."""
        self.signals.stop_gracefully(self.stop, self._remark, "farewell")

    def _remark(self) -> None:
        self.said.append("stopping")

    def signalled(self, signum: int, after: float = 0.0) -> None:
        self.now += after
        self.signals.handle(signum)


@pytest.fixture
def trial() -> Trial:
    return Trial()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_twice_within_a_second_is_one_request(
    trial: Trial, signum: int
) -> None:
    trial.act()
    trial.signalled(signum)
    trial.signalled(signum, after=0.999)
    assert trial.stop.signal == signum
    assert trial.ended == []


def test_two_different_signals_within_a_second_are_one_request(trial: Trial) -> None:
    trial.act()
    trial.signalled(signal.SIGHUP)
    trial.signalled(signal.SIGTERM, after=0.1)
    assert trial.stop.signal == signal.SIGHUP
    assert trial.ended == []


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_a_second_later_aborts(
    trial: Trial, signum: int, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    trial.act()
    trial.signalled(signum)
    trial.signalled(signum, after=0.5)
    trial.signalled(signum, after=0.5)
    assert trial.ended == [status]
    assert capfd.readouterr().err == "farewell\n"


def test_before_a_run_acts_the_first_signal_ends_the_command(trial: Trial) -> None:
    with pytest.raises(Signalled) as raised:
        trial.signalled(signal.SIGTERM)
    assert raised.value.signum == signal.SIGTERM


def test_before_a_run_acts_the_same_request_does_not_tear_up_what_the_first_one_ends(
    trial: Trial,
) -> None:
    with pytest.raises(Signalled):
        trial.signalled(signal.SIGTERM)
    trial.signalled(signal.SIGTERM, after=0.5)
    trial.act()
    trial.signalled(signal.SIGTERM, after=0.4)
    assert trial.ended == []
    assert trial.stop.signal is None


def test_before_a_run_acts_a_later_signal_ends_a_command_that_does_not_end(trial: Trial) -> None:
    with pytest.raises(Signalled):
        trial.signalled(signal.SIGINT)
    trial.signalled(signal.SIGINT, after=1.0)
    assert trial.ended == [130]


def test_what_happens_is_said_once_and_before_what_the_command_says_next(trial: Trial) -> None:
    trial.act()
    trial.signalled(signal.SIGINT)
    trial.signalled(signal.SIGINT, after=0.1)
    trial.act()
    assert trial.said == ["stopping"]


@contextmanager
def handled_by(signum: int, handler: "signal._HANDLER") -> Iterator[None]:
    before = signal.signal(signum, handler)
    try:
        yield
    finally:
        signal.signal(signum, before)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_ignored_stays_ignored(trial: Trial, signum: int) -> None:
    with handled_by(signum, signal.SIG_IGN), trial.signals:
        assert signal.getsignal(signum) is signal.SIG_IGN
        signal.raise_signal(signum)
    assert trial.stop.signal is None


def test_who_handled_a_signal_before_does_so_again(trial: Trial) -> None:
    def handler(*_: object) -> None:
        return

    with handled_by(signal.SIGHUP, handler):
        with trial.signals:
            assert signal.getsignal(signal.SIGHUP) == trial.signals.handle
        assert signal.getsignal(signal.SIGHUP) is handler
