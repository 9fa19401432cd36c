"""Users that rows and rules declare: resources like others, as long as somebody declares them."""

import pytest

from reconciler.domain import Platform
from tests.pulumi_provider.engine.stack import Stack
from tests.pulumi_provider.fleet_folder import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE

MANIFEST = """\
apiVersion: reconciler/v1
users:
  - {id: mover@example.com, platforms: [microsoft]}
sources:
  - {name: hr, file: leavers.csv, id: mail, platforms: [], reason: left}
rules:
  - name: strangers
    match: {id: "stranger*", connected: [google]}
    platforms: [microsoft]
    mode: enforce
"""
STRANGER_LOSES_GOOGLE = ("stranger@example.com", "google")
ALL = [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, STRANGER_LOSES_GOOGLE]


def declare(stack: Stack, manifest: str = MANIFEST, *leavers: str) -> None:
    stack.write("manifests/people.yaml", manifest)
    rows = "".join(f"{mail}\n" for mail in leavers or ("leaver@example.com",))
    stack.write("manifests/leavers.csv", f"mail\n{rows}")


@pytest.mark.sample
def test_rows_and_rules_are_acted_on_and_leave_without_a_call(stack: Stack) -> None:
    declare(stack)
    assert stack.up() == 0, stack.out
    assert stack.disconnects() == ALL
    if stack.granularity == "user":
        users = {name.removeprefix("trial/") for name in stack.resources()}
        assert users == {"leaver@example.com", "mover@example.com", "stranger@example.com"}
    assert stack.preview() == 0, stack.out  # the rule does not match any more
    assert ("delete[retain]" in stack.out) == (stack.granularity == "user")
    declare(stack, MANIFEST.partition("rules:")[0], "leaver@example.com", "gone@example.com")
    done = stack.mutations()
    assert stack.up() in (0, 7), stack.out
    assert stack.mutations() == done


def test_whoever_a_rule_matches_no_more_when_it_comes_to_it_keeps_what_they_have(
    stack: Stack,
) -> None:
    declare(stack, MANIFEST.replace("connected: [google]", "email: '*@example.com'"))
    assert stack.preview("--save-plan", "saved.json") == 0, stack.out
    stack.sandbox.disconnect("stranger@example.com", Platform.GOOGLE)
    stack.sandbox.disconnect("stranger@example.com", Platform.MICROSOFT)
    assert stack.up("--skip-preview") in (0, 4), stack.out
    assert stack.disconnects() == [LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE]


def test_an_export_that_comes_empty_registers_nothing(stack: Stack) -> None:
    declare(stack)
    stack.write("manifests/leavers.csv", "mail\n")
    assert stack.up("--skip-preview") != 0
    assert "there are no records" in stack.out
    assert stack.resources() == {}
    assert stack.mutations() == 0
