"""A defect in the work on one user does not lose what happened to the others."""

import pytest

from reconciler.applying import ApplySettings
from reconciler.domain import CalendarUser, Deadline, Platform, RateLimits, Secret
from reconciler.recall import CalendarReader, CalendarWriter, Permit
from reconciler.runs import ActionResult
from tests.applying.trial import GOOGLE, MICROSOFT, Trial, disconnected, person, wanted

VERIFIED = ("verified", "read_back")
STOPPED = ("not_attempted", "stopped")
DEFECT = ("not_attempted", "defect")
NAMES = ("alice", "bob", "carol")


@pytest.fixture(autouse=True)
def three_people(trial: Trial) -> None:
    trial.people(*(person(name, GOOGLE, MICROSOFT) for name in NAMES))


class BreaksForBob(CalendarReader):
    """Breaks at the first read of bob."""

    def get_user(self, token: Secret, subject: str, deadline: Deadline) -> CalendarUser:
        if subject == "bob":
            raise KeyError("a defect")
        return super().get_user(token, subject, deadline)


def test_a_defect_before_a_call_leaves_its_user_not_attempted_and_the_others_their_outcomes(
    trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    trial.reader_type = BreaksForBob
    desired = [wanted("alice", GOOGLE), wanted("bob"), wanted("carol", GOOGLE)]
    trial.switch(disconnect_takes_seconds=20)
    done = trial.apply(*desired)
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert done.outcomes == {
        "alice microsoft": VERIFIED,
        "bob google": DEFECT,
        "bob microsoft": DEFECT,
        "carol microsoft": STOPPED,
    }
    assert done.result.halted == "defect"
    assert done.result.halt_detail == "KeyError"
    assert "a defect of the executor ended the run" in caplog.text
    assert "BreaksForBob" not in (done.result.halt_detail or "")
    assert trial.journal.story("bob") == ["outcome not_attempted"] * 2


class BreaksAfterSending(CalendarWriter):
    """Breaks once bob's call was sent."""

    def disconnect(
        self, token: Secret, platform: Platform, permit: Permit, *, leave_by: float
    ) -> None:
        super().disconnect(token, platform, permit, leave_by=leave_by)
        if platform is MICROSOFT:
            raise KeyError("a defect")


def test_a_defect_after_a_call_leaves_it_unknown_and_the_rest_of_its_user_not_attempted(
    trial: Trial,
) -> None:
    trial.writer_type = BreaksAfterSending
    trial.limits = RateLimits(share=1.0, authenticate=2)
    done = trial.apply(
        wanted("alice", MICROSOFT),
        wanted("bob", GOOGLE),
        wanted("carol", GOOGLE),
    )
    assert done.calls == [disconnected("alice", GOOGLE), disconnected("bob", MICROSOFT)]
    assert done.outcomes == {
        "alice google": VERIFIED,
        "bob microsoft": ("unknown", "defect"),
        "carol microsoft": STOPPED,
    }
    assert done.result.results[1].calls == 1
    assert done.result.calls == 2


def test_a_defect_at_a_later_action_keeps_the_outcome_of_the_earlier(trial: Trial) -> None:
    trial.writer_type = BreaksAfterSending
    done = trial.apply(wanted("alice"), wanted("carol", MICROSOFT))
    assert done.outcomes["alice google"] == VERIFIED
    assert done.outcomes["alice microsoft"] == ("unknown", "defect")
    assert done.outcomes["carol google"] == VERIFIED
    assert done.result.halted == "defect"


def test_a_listener_that_breaks_loses_no_outcome(
    trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(_: ActionResult) -> None:
        raise BrokenPipeError("progress")

    trial.on_result = break_down
    trial.limits = RateLimits(share=1.0, authenticate=1)
    done = trial.apply(*(wanted(name) for name in NAMES))
    assert done.calls == [disconnected("alice", GOOGLE)]
    assert done.outcomes["alice google"] == VERIFIED
    assert {o for o, _ in list(done.outcomes.values())[1:]} == {"not_attempted"}
    assert done.result.halted == "defect"
    assert done.result.halt_detail == "BrokenPipeError"
    assert "BrokenPipeError: progress" in caplog.text


def test_a_journal_that_breaks_at_an_intent_keeps_its_call_from_being_sent(trial: Trial) -> None:
    def break_down() -> None:
        raise OSError("not what a journal may raise")

    trial.journal.at("intent", break_down, user="bob")
    done = trial.apply(*(wanted(name, GOOGLE) for name in NAMES))
    assert done.calls == [disconnected("alice", MICROSOFT)]
    assert list(done.outcomes.values()) == [VERIFIED, DEFECT, STOPPED]


def test_defects_of_several_users_end_the_run_once(trial: Trial) -> None:
    def break_down() -> None:
        raise OSError("not what a journal may raise")

    trial.journal.at("intent", break_down, once=False)
    done = trial.apply(*(wanted(name, GOOGLE) for name in NAMES), settings=ApplySettings(workers=3))
    assert done.calls == []
    assert {outcome for outcome, _ in done.outcomes.values()} == {"not_attempted"}
    assert done.result.halted == "defect"
