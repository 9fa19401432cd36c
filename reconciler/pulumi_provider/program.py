"""The program behind ``__main__.py``: one fleet, as the stack's configuration says."""

import pulumi

from reconciler.pulumi_provider.declaration import declare_fleet
from reconciler.pulumi_provider.fleet import Fleet, Granularity


def main() -> None:
    """Declare the fleet of the configured workspace."""
    config = pulumi.Config()
    granularity = config.require("granularity")
    if granularity not in list(Granularity):
        names = " or ".join(Granularity)
        raise pulumi.RunError(f"granularity is {granularity!r}: set it to {names}")
    declare_fleet(
        Fleet(
            config.require("workspace"),
            config.require("configuration"),
            Granularity(granularity),
        ),
        require_preview=config.require_bool("requirePreview"),
    )
