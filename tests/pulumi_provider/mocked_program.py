"""A Pulumi program with the SDK's mocks instead of an engine."""

import asyncio
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import wait_for_rpcs

from reconciler.pulumi_provider import Fleet, declare_fleet
from tests.pulumi_provider.fleet_folder import FleetFolder

T = TypeVar("T")


class Registered(Mocks):
    """What was registered: type and inputs by name."""

    def __init__(self) -> None:
        self.resources: dict[str, MockResourceArgs] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[object, object]]:
        self.resources[args.name] = args
        return args.name, {**args.inputs, "run": "", "outcomes": {}}

    def call(self, args: MockCallArgs) -> tuple[dict[object, object], None]:
        raise AssertionError(f"nothing is invoked: {args.token}")


class Program:
    """A program's preview in a folder."""

    def __init__(self, folder: FleetFolder, loop: asyncio.AbstractEventLoop) -> None:
        self.folder = folder
        self.mocks = Registered()
        self.loop = loop
        # That of an earlier program waits in that one's loop, and every resource waits for it.
        ROOT.set(None)
        set_mocks(
            self.mocks, project="trial", stack="dev", organization="organization", preview=True
        )

    def declare(self, *fleets: Fleet, opts: pulumi.ResourceOptions | None = None) -> object:
        return self.within(lambda: declare_fleet(*fleets, opts=opts))

    def run(self, main: Path) -> dict[str, Any]:
        """The names that the program ``main`` leaves behind."""
        return self.within(lambda: runpy.run_path(str(main)))

    def value(self, output: pulumi.Output[T]) -> T | None:
        return self.loop.run_until_complete(output.future())

    def within(self, call: Callable[[], T]) -> T:
        """What ``call`` gives, as a program's own."""

        async def body() -> T:
            try:
                return call()
            finally:
                await wait_for_rpcs()

        return self.loop.run_until_complete(body())
