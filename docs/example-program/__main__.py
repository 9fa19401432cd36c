"""The fleets of two offices, and what is still to be done there, as outputs of the stack."""

from collections.abc import Mapping, Sequence

import pulumi

from reconciler.pulumi_provider import DeclaredFleet, Fleet, Granularity, declare_fleet


def to_connect(fleet: DeclaredFleet) -> pulumi.Output[Mapping[str, Sequence[str]]]:
    """Who has to connect what: only the person can."""
    missing = pulumi.Output.all(**{user: fleet[user].missing for user in fleet})
    return missing.apply(lambda all_: {user: some for user, some in all_.items() if some})


def done(fleet: DeclaredFleet) -> pulumi.Output[Mapping[str, Mapping[str, str]]]:
    """What this update did, and how each action ended."""
    outcomes = pulumi.Output.all(**{user: fleet[user].outcome for user in fleet})
    return outcomes.apply(lambda all_: {user: some for user, some in all_.items() if some})


# All fleets in one call: nothing is registered before every one of them passed its guards.
fleets = declare_fleet(
    Fleet("berlin"),
    Fleet("chicago", granularity=Granularity.FLEET),
)
for workspace, fleet in fleets.items():
    pulumi.export(f"{workspace}ToConnect", to_connect(fleet))
    pulumi.export(f"{workspace}Done", done(fleet))
