"""The resource options that a fleet takes, and those that would go around its plan."""

import pulumi

from reconciler.pulumi_provider.saying import wrong

_REFUSED = {
    "ignore_changes": "it would keep a planned disconnect from being done, without a word",
    "import_": "`up` adopts what exists by itself",
    "id": "it would read another resource in its place",
    "urn": "it would take another resource in its place",
    "parent": "the parent's type would become part of every name in the state",
}


def checked(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """``opts`` with what a fleet cannot do without. Raises :class:`InvalidInput`."""
    if opts is not None and not isinstance(opts, pulumi.ResourceOptions):
        raise wrong(f"opts has to be pulumi.ResourceOptions, and is {opts!r}")
    given = opts or pulumi.ResourceOptions()
    for name, why in _REFUSED.items():
        if getattr(given, name):
            raise wrong(f"a fleet takes no option {name}: {why}")
    # Forgotten, not deleted: a preview says so, and nobody expects a call.
    forced = pulumi.ResourceOptions(retain_on_delete=True)
    return pulumi.ResourceOptions.merge(given, forced)
