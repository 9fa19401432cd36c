"""The program's half and the provider's in one process, without an engine between them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.overrides import overrides_of
from reconciler.pulumi_provider import (
    Fleet,
    Granularity,
    desk,
    fleet_converging,
    fleet_handling,
    user_converging,
    user_handling,
)
from reconciler.pulumi_provider.cli_process import CliProcess
from reconciler.pulumi_provider.judging import Demands, judge_in_update
from reconciler.pulumi_provider.note import Note
from reconciler.pulumi_provider.pins import pinned
from reconciler.pulumi_provider.registering import fleet_inputs, place_of, user_inputs
from reconciler.pulumi_provider.reports import ReportFile
from reconciler.runs import RunResult


@contextmanager
def one_command(folder: Path) -> Iterator[None]:
    """Both halves work in ``folder``, for the same command."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as for_ever:
        patch.chdir(folder)
        patch.setattr(desk, "cli_of", lambda _=None: CliProcess(1, "then", "here"))
        patch.setattr(desk, "_desks", {})
        patch.setattr(desk, "_for_ever", for_ever)
        yield


def update(
    granularity: Granularity = Granularity.USER,
    note: Note | None = None,
    owner: str = "stack organization/trial/dev",
) -> tuple[RunResult, list[dict[str, Any]]]:
    """One update of a stack, from nothing: how its run ended, and the outputs of its resources."""
    fleet = Fleet("trial", granularity=granularity)
    demands = Demands(owner, None, overrides_of(os.environ), ReportFile({}, ["trial"]))
    judged = judge_in_update(fleet, demands, lambda _: note)
    with judged.stack:
        judged.share_run()
        place = place_of(fleet, judged.session.endpoint.address)
        pins = pinned(judged.approved.ready)
        if granularity is Granularity.FLEET:
            checked = fleet_handling.check({}, fleet_inputs(place, judged.desired, pins))
            outputs = [fleet_converging.converge(checked.inputs)]
        else:
            outputs = []
            for user in judged.desired.users.values():
                asked = user_inputs(place, user, pins.get(user.id, {}))
                outputs.append(user_converging.converge(user_handling.check({}, asked).inputs))
        result = judged.close_shared_run()
        assert result is not None
        return result, outputs
