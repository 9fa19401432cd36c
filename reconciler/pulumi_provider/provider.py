"""The dynamic providers: names that are pickled by reference into every state, for ever.

**Never move or rename these classes, and give them no attributes.** A state holds where they
are to be imported from; a refresh runs today's code by it.

What acts and reads is imported by the calls that need it: a preview makes none of them.
"""

# ruff: noqa: PLC0415

import sys
from typing import Any

from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from reconciler.pulumi_provider import fleet_handling, user_handling
from reconciler.pulumi_provider.saying import told_by_provider
from reconciler.pulumi_provider.stopping import heed_the_engine

Properties = dict[str, Any]


class _Provider(ResourceProvider):
    """What both have in common: nothing of the stack's configuration, and ends in words."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:  # noqa: ARG002
        # The SDK hands every error on with its traceback; in the program's process it must not be
        # set, it hangs there.
        sys.tracebacklimit = 0
        heed_the_engine()

    def delete(self, _id: str, _props: Properties) -> None:
        """Forgets. Removal, renaming and destroying never disconnect anyone."""


class CalendarUserProvider(_Provider):
    """One calendar user; its id is the one that the manifests name."""

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        with told_by_provider():
            return user_handling.check(_olds, news)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        with told_by_provider():
            return DiffResult(changes=user_handling.changed(_olds, _news))

    def create(self, props: Properties) -> CreateResult:
        with told_by_provider():
            from reconciler.pulumi_provider import user_converging

            return CreateResult(str(props["user"]), user_converging.converge(props))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        with told_by_provider():
            from reconciler.pulumi_provider import user_converging

            return UpdateResult(user_converging.converge(_news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        with told_by_provider():
            from reconciler.pulumi_provider import user_converging

            outputs = user_converging.refreshed(props)
            return ReadResult(None, {}) if outputs is None else ReadResult(id_, outputs)


class CalendarFleetProvider(_Provider):
    """All declared users of a workspace; its id is the workspace's name."""

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        with told_by_provider():
            return fleet_handling.check(_olds, news)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        with told_by_provider():
            return DiffResult(changes=fleet_handling.changed(_olds, _news))

    def create(self, props: Properties) -> CreateResult:
        with told_by_provider():
            from reconciler.pulumi_provider import fleet_converging

            return CreateResult(str(props["workspace"]), fleet_converging.converge(props))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        with told_by_provider():
            from reconciler.pulumi_provider import fleet_converging

            return UpdateResult(fleet_converging.converge(_news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        with told_by_provider():
            from reconciler.pulumi_provider import fleet_converging

            return ReadResult(id_, fleet_converging.refreshed(props))
