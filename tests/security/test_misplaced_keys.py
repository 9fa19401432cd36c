"""A key that somebody wrote into a file of the configuration is repeated nowhere."""

import pytest

from tests.cli.project import Project, everything_written
from tests.security.leaky_api import KEY
from tests.security.test_secrets import assert_without

MAIN = """\
apiVersion: reconciler/v1
defaultWorkspace: trial
defaults:
  sandbox: {{seed: seed.yaml, state: "state/{{workspace}}.db"}}
  manifests: [manifests/]
  {default}
workspaces: {{include: ["workspaces/*.yaml"]}}
"""
FORMATS = ("text", "json", "jsonl", "markdown")


@pytest.mark.parametrize(
    "key",
    [
        f"apiKey: {KEY}",
        f"apiKey: {{env: {KEY}}}",
        f"apiKey: {{{KEY}: x}}",
        f"apiKey: [{KEY}]",
        f"baseUrl: https://user:{KEY}@host",
    ],
)
@pytest.mark.parametrize("where", ["defaults", "workspace file"])
def test_a_key_in_place_of_its_source_is_repeated_nowhere(
    project: Project, where: str, key: str
) -> None:
    default = key if where == "defaults" else "limits: {}"
    project.write("reconciler.yaml", MAIN.format(default=default))
    own = "limits: {}" if where == "defaults" else key
    project.write("workspaces/trial.yaml", f"apiVersion: reconciler/v1\n{own}\n")
    printed = ""
    for form in FORMATS:
        for command in (("validate",), ("plan", "-o", "saved.plan"), ("doctor",)):
            report = f"--report={form}={command[0]}.{form}"
            assert project.run(*command, "--format", form, report) == 65
            printed += project.out + project.err
    assert project.run("apply", "--auto-approve", "--verbose") == 65
    printed += project.out + project.err
    assert project.mutations() == []
    for file in ("reconciler.yaml", "workspaces/trial.yaml"):
        (project.folder / file).unlink()
    files = everything_written(project.folder, but=("state", "seed.yaml"))
    assert_without(printed.encode() + files, KEY)
