"""Every point at which ``apply PLAN`` can be killed: what is announced, resumed and left then."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from reconciler.runs import RunHistory, RunState, StepKind
from tests.crash.children import Ended
from tests.crash.evidence import Evidence, Mark
from tests.crash.invariants import (
    ALWAYS,
    SETTLED,
    the_plan_shows_exactly_desired_against_observed,
)
from tests.crash.world import PLAN, World

LIMIT: Final = 2000
"""Points beyond which an enumeration would not end."""

_FINISHED: Final = 5
"""Every how many points an enumeration that is not thorough goes on to the end of all."""


class Answer(StrEnum):
    """What ``resume`` made of the run that was killed."""

    NO_RUN = "no run was on record: the plan is applied anew"
    PLAN_AGAIN = "it had no plan yet: plan again (5)"
    USED = "its plan had been applied anew by another run (5)"
    CONTINUED = "it was continued"
    OVER = "it was over"


class Point(Struct, frozen=True):
    """A point at which a run was killed, and what came of it; ``second`` is a point of the run
    that resumed it, if that was killed too."""

    number: int
    label: str
    answer: Answer
    second: int | None = None


class Broken(AssertionError):
    """Something did not hold after a kill; says at which point."""


class Kills(Struct, frozen=True):
    """How an enumeration is done: with so many workers.

    ``thorough`` has more points (see ``Order.finely``), and after each of them lets the saved plan
    be applied again, and the fleet be brought to its end; otherwise only after some. With
    ``apply_first`` the saved plan is applied again before the run is resumed. ``times`` are those
    of the lock.
    """

    workers: int = 1
    thorough: bool = True
    apply_first: bool = False
    times: tuple[float, float, float] | None = None


class Course:
    """What happens in a world after it has begun anew, and the evidence of it."""

    def __init__(self, world: World, kills: Kills) -> None:
        world.begin_anew()
        self._world = world
        self._kills = kills
        self._marks: list[Mark] = []
        self._stories: tuple[RunHistory, ...] = ()
        self.labels: list[str] = []
        """Of the points at which something was killed."""

    def act(self, *arguments: str, at: int | None = None) -> Ended:
        """Run a command that acts, and judge whatever there is to be seen afterwards."""
        seq = self._last_request()
        workers = ("--parallelism", str(self._kills.workers))
        ended = self._world.run(
            *arguments, *workers, at=at, finely=self._kills.thorough, times=self._kills.times
        )
        assert ended.status in (-9, 0, 4, 5), f"{arguments}: {ended.status}: {ended.shown}"
        if ended.killed:
            assert ended.reached is not None
            self.labels.append(str(ended.reached.label))
        self._world.wait_for_the_dead()
        self._stories = self._world.stories()
        known = {mark.run for mark in self._marks}
        new = [s.summary.run for s in self._stories if s.summary.run not in known]
        self._marks += [Mark(seq, run) for run in new]
        self.judge(ALWAYS)
        return ended

    def _last_request(self) -> int:
        return max((request.seq for request in self._world.log()), default=0)

    def judge(self, invariants: tuple[Callable[[Evidence], None], ...]) -> None:
        """Let every one of ``invariants`` hold."""
        world = self._world
        evidence = Evidence(world.log(), world.users(), self._stories, tuple(self._marks))
        for invariant in invariants:
            try:
                invariant(evidence)
            except AssertionError as error:
                raise Broken(f"{invariant.__name__}: {error}") from error

    def last_run(self) -> RunHistory | None:
        """The last run that is on record."""
        return self._stories[-1] if self._stories else None

    def plan(self) -> Any:
        """What ``plan`` reports; it never fails."""
        ended = self._world.run("plan", "--format", "json")
        assert ended.status == 0, ended.shown
        return ended.document

    def check_announced(self, died: RunHistory | None) -> None:
        """A run that died is announced, and one that did not is not."""
        shown = [run["run"] for run in self.plan()["memory"]["dead"]]
        open_ = died is not None and died.summary.state is RunState.DIED
        expected = [died.summary.run] if died is not None and open_ else []
        assert shown == expected, f"announced {shown}, and not {expected}"

    def check_used(self) -> bool:
        """The plan is used from its first durable intent, and not before; whether it is."""
        stories = [story for story in self._stories if story.plan is not None]
        steps = [step for story in stories for action in story.actions for step in action.steps]
        intended = any(step.kind is StepKind.INTENT for step in steps)
        if stories and stories[0].plan is not None:
            used_by = self._world.used_by(stories[0].plan)
            assert (used_by is not None) == intended, f"used by {used_by}, intended: {intended}"
        return intended

    def apply_saved(self) -> None:
        """Apply the saved plan again: it is done unless it is used."""
        used = self.check_used()
        ended = self.act("apply", PLAN)
        assert ended.status == (5 if used else 4), f"used: {used}: {ended.shown}"
        assert not used or "already used" in ended.err

    def resume(self, died: RunHistory | None, at: int | None = None) -> tuple[Answer, Ended | None]:
        """Resume the run, which ends as the story of the run has it."""
        if died is None:
            return Answer.NO_RUN, None
        answer = self._answer(died)
        ended = self.act("resume", died.summary.run, at=at)
        if not ended.killed:
            refused = answer in (Answer.PLAN_AGAIN, Answer.USED)
            assert ended.status == (5 if refused else 4), f"resume: {ended.status}: {ended.shown}"
            assert not refused or "plan again" in ended.err
        return answer, ended

    def _answer(self, died: RunHistory) -> Answer:
        """What ``resume`` has to make of ``died``."""
        if died.plan is None:
            return Answer.PLAN_AGAIN
        if died.summary.state is RunState.COMPLETED:
            return Answer.OVER
        another = self._world.used_by(died.plan) not in (None, died.summary.run)
        return Answer.USED if another else Answer.CONTINUED

    def finish(self) -> None:
        """Apply until nothing is left to be done."""
        for _ in range(5):
            if self.act("apply", "--auto-approve").status == 0:
                break
            # Two plans of the same content that are made in one second have one seal.
            time.sleep(1 - time.time() % 1)
        else:
            raise AssertionError("it never converges")
        self.check_settled()

    def check_settled(self) -> None:
        """What was in doubt is settled, and the next plan is what is desired and is not so."""
        self.judge(SETTLED)
        content = self.plan()["content"]
        the_plan_shows_exactly_desired_against_observed(content, self._world.users())


def enumerate_points(world: World, kills: Kills, first: int = 1, step: int = 1) -> Iterator[Point]:
    """Kill ``apply PLAN`` at its points number ``first``, ``first + step``, …, each time anew."""
    for number in range(first, LIMIT, step):
        with _course(world, kills, f"killed at point {number}") as course:
            ended = course.act("apply", PLAN, at=number)
            if not ended.killed:
                assert ended.status == 4, ended.shown
                course.finish()
                return
            answer = _go_on(course, kills, number)
        yield Point(number, course.labels[0], answer)
    raise AssertionError("no end of points")


def _go_on(course: Course, kills: Kills, number: int) -> Answer:
    died = course.last_run()
    course.check_announced(died)
    course.check_used()
    if kills.apply_first:
        course.apply_saved()
    answer, _ = course.resume(died)
    left = answer in (Answer.NO_RUN, Answer.PLAN_AGAIN)
    if not left:
        course.check_settled()
    if left or kills.thorough or number % _FINISHED == 0:
        course.apply_saved()
        course.finish()
    return answer


def enumerate_second_points(
    world: World, kills: Kills, first: int = 1, step: int = 1
) -> Iterator[Point]:
    """As :func:`enumerate_points`, and then kill what resumes the run at every point of its own."""
    for number in range(first, LIMIT, step):
        for second in range(1, LIMIT):
            where = f"killed at point {number}, and when resumed at {second}"
            with _course(world, kills, where) as course:
                if not course.act("apply", PLAN, at=number).killed:
                    return
                died = course.last_run()
                answer, resumed = course.resume(died, at=second)
                if resumed is None or not resumed.killed:
                    break
                _resume_again(course, died)
            yield Point(number, course.labels[0], answer, second)
    raise AssertionError("no end of points")


def _resume_again(course: Course, died: RunHistory | None) -> None:
    """Resume the run that resumed another and was killed; or that other, if it never did."""
    last = course.last_run()
    assert last is not None
    assert died is not None
    course.check_announced(last)
    course.resume(died if last.plan is None else last)
    course.check_used()
    course.apply_saved()
    course.finish()


@contextmanager
def _course(world: World, kills: Kills, where: str) -> Iterator[Course]:
    """A course from the beginning; whatever is broken in it is told with where it was."""
    course = Course(world, kills)
    try:
        yield course
    except AssertionError as error:
        raise Broken(f"{where} ({'; '.join(course.labels)}): {error}") from error


def table(points: list[Point]) -> str:
    """How many points had which answer."""
    return "\n".join(
        f"  {n:5}  {answer}" for answer, n in Counter(p.answer for p in points).items()
    )
