"""The program's half and the provider's in one process, without an engine between them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.approval import overrides_of
from reconciler.pulumi_provider import (
    Fleet,
    Granularity,
    inputs,
    outputs,
    workspace_client,
)
from reconciler.pulumi_provider.cli_process import CliProcess
from reconciler.pulumi_provider.evaluation import EvaluationRequest
from reconciler.pulumi_provider.pinned_plan import pins_of
from reconciler.pulumi_provider.preview_record import PreviewRecord
from reconciler.pulumi_provider.resources import fleet_inputs, place_of, user_inputs
from reconciler.runs import RunResult
from tests.pulumi_provider.evaluated import approved


@contextmanager
def one_command(folder: Path) -> Iterator[None]:
    """Both halves work in ``folder``, for the same command."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as for_ever:
        patch.chdir(folder)
        patch.setattr(workspace_client, "cli_of", lambda _=None: CliProcess(1, "then", "here"))
        patch.setattr(workspace_client, "_clients", {})
        patch.setattr(workspace_client, "_open_until_exit", for_ever)
        yield


def update(
    granularity: Granularity = Granularity.USER,
    record: PreviewRecord | None = None,
    owner: str = "stack organization/trial/dev",
) -> tuple[RunResult, list[dict[str, Any]]]:
    """One update of a stack, from nothing: how its run ended, and the outputs of its resources."""
    fleet = Fleet("trial", granularity=granularity)
    request = EvaluationRequest(owner, None, overrides_of(os.environ), lambda _: record)
    one = approved(fleet, request, update=True)
    with one.open:
        one.share_run()
        place = place_of(fleet, one.session.endpoint.address)
        pins = pins_of(one.approved.ready)
        if granularity is Granularity.FLEET:
            checked = inputs.check_fleet({}, fleet_inputs(place, one.desired, pins))
            outs = [outputs.converge_fleet(checked.inputs)]
        else:
            outs = []
            for user in one.desired.users.values():
                asked = user_inputs(place, user, pins.get(user.id, {}))
                outs.append(outputs.converge_user(inputs.check_user({}, asked).inputs))
        result = one.close_run()
        assert result is not None
        return result, outs
