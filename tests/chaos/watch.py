"""Is told what happens in a world as it happens, and has it judged."""

from tests.chaos.facts import acting
from tests.chaos.ledger_eye import Step
from tests.chaos.network import Exchange
from tests.chaos.of_calls import OfCalls
from tests.chaos.of_records import OfRecords
from tests.chaos.schedule import ApplyIt, ResumeIt
from tests.chaos.world import Acting


class Watch(OfCalls, OfRecords):
    """All that is judged while a schedule is played."""

    def __init__(self) -> None:
        super().__init__()
        self._steps_seen = 0

    def arrives(self, exchange: Exchange) -> None:
        """A request is about to take its effect."""
        if exchange.endpoint == "authenticate":
            self.a_token_is_minted_for_whom_the_list_shows(exchange)
            self.a_refused_token_is_replaced_by_a_new_list(exchange)
        if not exchange.mutating:
            return
        process = acting(exchange)
        process.run = process.run or self.world.eye.run_of(process.number)
        action = self.only_the_planned_is_done(exchange)
        if action is None:
            return
        self.only_a_plan_that_still_holds_acts(exchange)
        self.an_intent_is_on_record_before_its_call(exchange, action)
        self.only_the_holder_of_the_lock_acts(exchange)
        self.the_reread_is_young_and_shows_it_may_be_done(exchange, action)
        self.nobody_loses_what_is_declared(exchange, action)
        self.nobody_else_is_touched(exchange)
        self.nobody_in_doubt_is_called_for(exchange, action)
        self.nothing_is_sent_twice(exchange, action)
        self.nothing_is_sent_while_an_earlier_call_is_under_way(exchange)
        process.calls.setdefault(action.key, []).append(exchange)
        self.limits_hold(exchange)
        self.the_limit_of_the_day_holds(exchange, action)
        self.only_a_whole_list_lets_act(exchange)

    def approves(self, process: Acting) -> None:
        """A command has a plan that was let through, and is about to act on it."""
        process.approved_at = self.world.times.machine()
        process.planned_by = process.readings.listing
        process.last_list = process.readings.lists[-1] if process.readings.lists else None
        process.baseline = self.accepted
        process.rows_before = self.world.eye.rows()

    def ends(self, process: Acting) -> None:
        """A process has ended, or died."""
        self.only_what_was_let_through_is_accepted(process)

    def written(self, process: Acting, what: str) -> None:
        """A transaction of the ledger is durable."""
        eye = self.world.eye
        process.run = process.run or eye.run_of(process.number)
        self.world.log(f"{process.name} wrote {what}")
        if isinstance(process.command, ApplyIt | ResumeIt):
            self._new_steps(process)
        else:
            self.looking_writes_nothing(process, what)
        if what == "begin_run" and process.run is not None:
            self.the_lock_is_taken_from_the_dead_alone(process)
        self.note_heartbeat()
        if what == "run_opened":
            process.opened = True
            self.what_is_accepted_is_what_was_seen(process)

    def _new_steps(self, process: Acting) -> None:
        steps = self.world.eye.steps(self._steps_seen)
        for step in steps:
            self._steps_seen = step.number
            if step.kind == "intent":
                process.intents.append(self.world.scheduler.time)
                self.only_the_holder_makes_an_intent(process)
                self.nothing_new_begins_once_it_has_to_stop(process)
                self.a_used_plan_is_not_used_again(process)
            if step.code == "not_sent":
                self.world.census["intent withdrawn"] += 1
            if step.no_effect:
                self.what_is_said_to_have_done_nothing_did_nothing(process, step)
            if step.outcome is not None:
                self._count(step)
                self.every_call_is_answered_before_its_outcome(process, step)
            if step.outcome in {"verified", "already_absent"}:
                self.what_is_reported_as_done_was_read_as_done(process, step)

    def _count(self, step: Step) -> None:
        whose = "resolved" if step.resolved_by else "outcome"
        self.world.census[f"{whose} {step.outcome} {step.code}"] += 1
