"""What is judged of a process that has ended, and of everything when all is over."""

from reconciler.domain import Exit
from reconciler.planning import GuardName, Judgement
from reconciler.reporting import ErrorReport, PlanReport, RunReport
from reconciler.runs import HaltCause
from tests.chaos.facts import plan_in_force
from tests.chaos.files import KEY
from tests.chaos.schedule import ApplyIt, PlanIt
from tests.chaos.watch import Watch
from tests.chaos.world import Acting, World

NO_EFFECT_OUTCOMES = frozenset({"failed", "not_attempted", "skipped_stale", "already_absent"})

ALLOWABLE = [guard.value for guard in GuardName if guard is not GuardName.COMPLETE_OBSERVATION]

UNUSABLE = ("already used", "manifests changed", "expired", "was resumed already", "has no plan")

AFTER_A_CALL = frozenset({Exit.OK, Exit.PARTIAL, Exit.INTERRUPTED, Exit.TERMINATED})


def judge(process: Acting, world: World, watch: Watch) -> None:
    """One process, when it has ended."""
    process.run = process.run or world.eye.run_of(process.number)
    _count(process, world)
    watch.ends(process)
    nothing_is_a_defect(process, watch)
    the_status_is_honest(process, world, watch)
    what_is_shown_is_on_record(process, world, watch)
    looking_sends_nothing_but_get(process, watch)


def _count(process: Acting, world: World) -> None:
    census = world.census
    command = type(process.command).__name__
    census["commands"] += 1
    census["calls"] += len(process.sent)
    census["requests"] += len(process.exchanges)
    census["ledger writes"] += process.writes
    for key, calls in process.calls.items():
        declared = process.force.declared(key.rpartition(" of ")[2])
        census[f"calls, declared by {'nothing' if declared is None else declared.by}"] += len(calls)
    census[f"{command} ends {process.status}"] += 1
    if process.error is not None:
        census[f"error {type(process.error).__name__}"] += 1
    if process.saved is not None and process.sent:
        census["a saved plan was acted on"] += 1
    if process.resumed is not None and process.sent:
        census["a resume called"] += 1
    report = process.reports[-1] if process.reports else None
    match report:
        case PlanReport(verdicts=verdicts) if process.status in {Exit.REFUSED, Exit.INCOMPLETE}:
            for verdict in verdicts or report.plan.content.guards:
                if verdict.judgement is Judgement.REFUSED:
                    census[f"{command} refused by {verdict.guard}"] += 1
        case ErrorReport(problems=problems) if process.status == Exit.PLAN_UNUSABLE:
            for words in UNUSABLE:
                if words in problems[0].message:
                    census[f"unusable: {words}"] += 1
        case RunReport(result=result):
            if result.halted:
                census[f"halted {result.halted}"] += 1
            if result.in_doubt:
                census["a run held somebody in doubt"] += 1
            if process.approved is not None and process.approved.carried:
                census["a resume carried results"] += 1
        case _:
            pass


def nothing_is_a_defect(process: Acting, watch: Watch) -> None:
    """No exit status 1, no command without any, and no run that a defect stopped."""
    report = process.reports[-1] if process.reports else None
    if isinstance(report, RunReport) and report.result.halted is HaltCause.DEFECT:
        detail = f"{process.name} was halted: {report.result.halt_detail}"
        watch.fail(nothing_is_a_defect, detail)
    named = isinstance(process.command, PlanIt | ApplyIt) or process.reports
    if process.status == Exit.DEFECT or (process.status is None and named and not process.crashed):
        watch.fail(nothing_is_a_defect, f"{process.name}: {process.error!r}")


def the_status_is_honest(process: Acting, world: World, watch: Watch) -> None:
    """0 says that every action is settled; a call that was sent is never hidden behind a status
    of commands that changed nothing; and the report has as many calls as the sandbox got."""
    if process.crashed:
        return
    report = process.reports[-1] if process.reports else None
    if process.sent and (process.status not in AFTER_A_CALL or not isinstance(report, RunReport)):
        watch.fail(the_status_is_honest, f"{process.name} sent a call and ends {process.status}")
    if not isinstance(report, RunReport):
        return
    result = report.result
    if [r.action for r in result.results] != list(report.plan.content.actions):
        watch.fail(the_status_is_honest, f"{process.name}: not one result for each action")
    if process.status == Exit.OK and not result.converged:
        watch.fail(the_status_is_honest, f"{process.name} ends 0: {result.count()}")
    carried = (
        {} if process.approved is None else {r.action.key: r for r in process.approved.carried}
    )
    shown = {r.action.key: r.calls for r in result.results if r.action.key not in carried}
    for key in {*shown, *process.calls}:
        arrived = len(process.calls.get(key, []))
        if arrived > shown.get(key, 0):
            watch.fail(the_status_is_honest, f"{process.name} {key}: {arrived} calls arrived")


def what_is_shown_is_on_record(process: Acting, world: World, watch: Watch) -> None:
    """Where no write failed, the run is on record as over, and every action with the outcome that
    the report tells."""
    report = process.reports[-1] if process.reports else None
    if process.crashed or process.writes_failed or not isinstance(report, RunReport):
        return
    assert process.run is not None
    if world.eye.state(process.run) != "completed":
        watch.fail(what_is_shown_is_on_record, f"{process.name} is {world.eye.state(process.run)}")
    written = {
        step.position: step.outcome
        for step in world.eye.steps(0)
        if step.run == process.run and step.outcome is not None and step.resolved_by is None
    }
    shown = {at: result.outcome for at, result in enumerate(report.result.results)}
    if written != shown:
        watch.fail(what_is_shown_is_on_record, f"{process.name}: {written}, shown {shown}")


def looking_sends_nothing_but_get(process: Acting, watch: Watch) -> None:
    """``plan`` only looks."""
    if isinstance(process.command, PlanIt) and any(
        exchange.request.method != "GET" for exchange in process.exchanges
    ):
        watch.fail(looking_sends_nothing_but_get, process.name)


def a_plan_shows_desired_against_observed() -> None:
    """Judged by the player, with ``expectation``."""


def the_world_becomes_as_declared() -> None:
    """Judged by the player: faults off, others still, one more apply settles everything."""


def judge_all(world: World, watch: Watch) -> None:
    """Everything, when nothing is on its way any more."""
    effects_are_on_record(world, watch)
    nothing_stays_in_doubt(world, watch)
    no_secret_is_written(world, watch)


def effects_are_on_record(world: World, watch: Watch) -> None:
    """What failed had no effect, and every effect of ours is verified or unknown."""
    last: dict[tuple[str, int], str] = {}
    for step in world.eye.steps(0):
        if step.kind == "outcome" and step.outcome is not None:
            last[step.run, step.position] = step.outcome
    for process in world.processes:
        plan = plan_in_force(process, world)
        if plan is None or process.run is None:
            continue
        for position, action in enumerate(plan.content.actions):
            calls = process.calls.get(action.key, [])
            if not any(call.effect for call in calls):
                continue
            outcome = last.get((process.run, position))
            world.census[f"effect ended {outcome}"] += 1
            if outcome is None or outcome in NO_EFFECT_OUTCOMES:
                watch.fail(effects_are_on_record, f"{process.name} {action.key} is {outcome}")


def nothing_stays_in_doubt(world: World, watch: Watch) -> None:
    """The last acting run settled what others left, and gave the lock back."""
    if doubts := world.eye.in_doubt():
        watch.fail(nothing_stays_in_doubt, f"{doubts}")
    if holder := world.eye.holder():
        watch.fail(nothing_stays_in_doubt, f"the lock is held by {holder}")


def no_secret_is_written(world: World, watch: Watch) -> None:
    """Neither the key nor a token is in the ledger or a plan file."""
    secrets = [KEY.encode(), *(token.encode() for token in world.tokens)]
    for path in world.folder.iterdir():
        data = path.read_bytes()
        if any(secret in data for secret in secrets):
            watch.fail(no_secret_is_written, path.name)
