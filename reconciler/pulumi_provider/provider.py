"""The dynamic providers. Every state holds these two names, pickled by reference, for ever.

**Never move or rename these classes, and give them no attributes.** A state says where to import
them from, and a refresh runs today's code by that name.

Only the operations that act or read import ``outputs`` and all that it needs. A preview calls none
of them.
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

from reconciler.pulumi_provider import inputs
from reconciler.pulumi_provider.cancellation import watch_for_cancellation
from reconciler.pulumi_provider.errors import provider_errors

Properties = dict[str, Any]


class _Provider(ResourceProvider):
    """What both providers share: they read no stack configuration, and their errors are words."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:  # noqa: ARG002
        # The SDK passes every error on with its traceback. Set this in the provider's process
        # only: in the program's it hangs.
        sys.tracebacklimit = 0
        watch_for_cancellation()

    def delete(self, _id: str, _props: Properties) -> None:
        """Forget the resource. Removing, renaming and destroying never disconnect anyone."""


class CalendarUserProvider(_Provider):
    """One calendar user. Its id is the user's id in the manifests."""

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        with provider_errors():
            return inputs.check_user(_olds, news)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        with provider_errors():
            return DiffResult(changes=inputs.user_changed(_olds, _news))

    def create(self, props: Properties) -> CreateResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            return CreateResult(str(props["user"]), outputs.converge_user(props))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            return UpdateResult(outputs.converge_user(_news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            refreshed = outputs.refresh_user(props)
            return ReadResult(None, {}) if refreshed is None else ReadResult(id_, refreshed)


class CalendarFleetProvider(_Provider):
    """All declared users of a workspace. Its id is the workspace's name."""

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        with provider_errors():
            return inputs.check_fleet(_olds, news)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        with provider_errors():
            return DiffResult(changes=inputs.fleet_changed(_olds, _news))

    def create(self, props: Properties) -> CreateResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            return CreateResult(str(props["workspace"]), outputs.converge_fleet(props))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            return UpdateResult(outputs.converge_fleet(_news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        with provider_errors():
            from reconciler.pulumi_provider import outputs

            return ReadResult(id_, outputs.refresh_fleet(props))
