"""Plans for tests in a browser: of any size, and with names that attack the page."""

from msgspec import UNSET, structs

from reconciler.planning import (
    Action,
    ActionReason,
    Disconnect,
    HeldAction,
    Hold,
    Pending,
    PendingReason,
    Plan,
    UserLabels,
)
from reconciler.reporting import PlanReport
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, MICROSOFT

GROUPS = ("sales", "support", "engineering")


def user(number: int) -> str:
    return f"user-{number:06}@example.com"


def disconnect(name: str, number: int = 0, note: str | None = None) -> Disconnect:
    return Disconnect(
        workspace="prod",
        user=name,
        recall_id=f"5f0e7c1a-0000-4000-8000-{number:012}",
        platform=GOOGLE,
        connection_id=f"0c9d1b2e-0000-4000-8000-{number:012}",
        email=name,
        requires_connected=(MICROSOFT,) if number % 2 else (),
        reason=ActionReason.UNWANTED_PLATFORM if number % 2 else ActionReason.NOTHING_WANTED,
        note=note,
    )


def fleet(size: int) -> PlanReport:
    """A plan of ``size`` entries: of ten, seven disconnects, two held, and one that waits."""
    actions: list[Action] = []
    held: list[HeldAction] = []
    pending: list[Pending] = []
    for number in range(size):
        name = user(number)
        note = f"left (HR-{number % 50})" if number % 3 == 0 else None
        if number % 10 < 7:
            actions.append(disconnect(name, number, note))
        elif number % 10 < 9:
            held.append(HeldAction(disconnect(name, number, note), (Hold.HANDOVER,)))
        else:
            pending.append(Pending(name, MICROSOFT, PendingReason.NOT_CONNECTED))
    base = samples.converged_plan()
    content = structs.replace(
        base.content, actions=tuple(actions), blocked=tuple(held), pending=tuple(pending)
    )
    envelope = structs.replace(
        base.envelope,
        commit="0123456789abcdef0123456789abcdef01234567",
        sources={user(n): f"manifests/team-{n % 4}.yaml:{2 + n // 4 * 3}:5" for n in range(size)},
        labels={
            user(n): UserLabels(GROUPS[n % 3], "leavers" if n % 2 else UNSET) for n in range(size)
        },
    )
    return PlanReport(Plan(content, envelope), 0)


SCRIPT = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
END_OF_SCRIPT = "</script><script>document.title = 'owned'</script><!--"
FROM_RIGHT_TO_LEFT = "\u062f\u0627\u0646\u0627 \u05d3\u05e0\u05d4 \u202egro.live@moc"
LONG = "x" * 10_000
TEMPLATE = "{{ 7 * 7 }}${7*7}{line}"

HOSTILE = {
    "script": SCRIPT,
    "end of a script": END_OF_SCRIPT,
    "from right to left": FROM_RIGHT_TO_LEFT,
    "ten kilobytes": LONG,
    "template": TEMPLATE,
}


def hostile(name: str) -> PlanReport:
    """A plan in which ``name`` is wherever a name can be, beside an ordinary user."""
    bad = structs.replace(disconnect(name, 1, name), email=name, connection_id=name)
    plan = samples.plan_with(bad, disconnect("ana@example.com", 2))
    envelope = structs.replace(
        plan.envelope,
        sources={name: f"{name}.yaml:3:5"},
        labels={name: UserLabels(name, name, (name,))},
    )
    content = structs.replace(plan.content, problems=(name,))
    return PlanReport(Plan(content, envelope), 6)
