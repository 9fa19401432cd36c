"""The bar of a fleet: each user once, in the state that needs attention most."""

from msgspec import structs

from reconciler.planning import Content, FleetCounts, HeldAction, Hold, Pending, PendingReason
from reconciler.reporting.wording.fleet import heading, shares
from tests.reporting import samples
from tests.reporting.samples import GOOGLE, disconnect, update


def counts(content: Content) -> dict[str, int]:
    return {share.code: share.users for share in shares(content)}


def test_a_user_in_several_states_counts_in_the_first() -> None:
    plan = samples.plan_with(disconnect("ana"), update("ana"), update("bo"))
    content = structs.replace(
        plan.content,
        blocked=(HeldAction(disconnect("bo"), (Hold.HANDOVER,)),),
        pending=(Pending("cy", GOOGLE, PendingReason.NOT_CONNECTED),),
        fleet=FleetCounts(declared=4, observed=4, connections=4, converged=1),
    )
    assert counts(content) == {
        "disconnect": 1,
        "update_preferences": 1,
        "pending": 1,
        "converged": 1,
    }


def test_a_user_with_two_disconnects_counts_once() -> None:
    both = (disconnect("ana"), structs.replace(disconnect("ana"), platform=GOOGLE))
    content = structs.replace(
        samples.plan_with(*both).content, fleet=FleetCounts(1, 1, 2, converged=0)
    )
    assert counts(content) == {"disconnect": 1}
    assert heading(content, shares(content)).startswith("Fleet: 1 user, each counted once")


def test_a_user_declared_without_platforms_is_converged_and_not_a_stranger() -> None:
    found = samples.plan_of(
        [samples.declared("heidi", managed=False)],
        [samples.listed("heidi", "google"), samples.listed("mallory", "google")],
    )
    assert counts(found.content) == {"converged": 1, "unmanaged": 1}


def test_the_heading_says_what_the_number_counts() -> None:
    plan = samples.plan_of(
        [samples.declared("heidi", managed=False), samples.declared("ivan")],
        [samples.listed("heidi", "google"), samples.listed("mallory", "google")],
    )
    assert heading(plan.content, shares(plan.content)) == (
        "Fleet: 3 users, each counted once (2 declared, 1 only in the list; the list has 2)"
    )


def test_an_id_that_was_never_seen_is_not_somebody_who_waits() -> None:
    content = structs.replace(
        samples.plan_with().content,
        pending=(Pending("typo", None, PendingReason.NOT_FOUND),),
        fleet=FleetCounts(1, 0, 0, converged=0),
    )
    assert counts(content) == {"not_found": 1}


def test_users_of_an_incomplete_list_are_undetermined() -> None:
    assert counts(samples.incomplete_plan().content)["undetermined"] == 1


def test_users_that_the_selection_leaves_out_are_shown() -> None:
    content = structs.replace(
        samples.plan_with(disconnect("ana")).content,
        selection=("ana",),
        fleet=FleetCounts(declared=10, observed=10, connections=10, converged=6),
    )
    assert counts(content) == {"disconnect": 1, "converged": 6, "deselected": 3}
    assert heading(content, shares(content)).startswith("Fleet: 10 users, each counted once")
