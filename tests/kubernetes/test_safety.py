"""Every pod is locked up, runs a command that exists, and gets its secrets as files alone."""

import re
from pathlib import PurePosixPath

import pytest
import yaml

from reconciler.config import load_configuration
from reconciler.config.secret_source import SecretFromFile
from tests.docs.command_lines import complaint
from tests.kubernetes.objects import (
    CONFIGURATION,
    KUSTOMIZE,
    Object,
    containers,
    of_kind,
    ours,
    pods,
    template_of,
)

OURS = {"app.kubernetes.io/name": "calendar-reconciler"}
VOLUMES = {"configMap", "emptyDir", "image", "secret"}
"""Those that the restricted profile allows and that are needed."""


def test_every_pod_obeys_the_restricted_profile(objects: list[Object]) -> None:
    for pod in pods(objects):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 65532
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(pod)
        for volume in pod["volumes"]:
            assert set(volume) - {"name"} <= VOLUMES, volume


def test_every_container_obeys_the_restricted_profile(objects: list[Object]) -> None:
    for container in (each for pod in pods(objects) for each in containers(pod)):
        _locked_up(container)


@pytest.mark.parametrize("name", ["jobs", "watch"])
def test_the_container_that_git_sync_adds_is_locked_up_as_written(name: str) -> None:
    patch = yaml.safe_load((KUSTOMIZE / "git-sync" / f"{name}.yaml").read_text("utf-8"))
    template = template_of(patch)
    assert template is not None
    for container in template["spec"]["initContainers"]:
        _locked_up(container)


def _locked_up(container: Object) -> None:
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context.get("runAsUser", 65532) > 0
    assert "privileged" not in context
    assert not [each for each in container.get("ports", []) if "hostPort" in each]
    assert "memory" in container["resources"]["limits"]


def test_no_pod_has_the_token_of_an_account(objects: list[Object]) -> None:
    for pod in pods(objects):
        assert pod["automountServiceAccountToken"] is False
        assert "serviceAccountName" not in pod


def test_the_tool_writes_to_no_volume(objects: list[Object]) -> None:
    for pod in pods(objects):
        assert all(each["readOnly"] is True for each in ours(pod)["volumeMounts"])


def test_every_mount_has_its_volume_and_every_volume_its_mount(objects: list[Object]) -> None:
    for pod in pods(objects):
        mounted = {each["name"] for one in containers(pod) for each in one["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}


def test_every_command_is_one_of_the_real_command_line(objects: list[Object]) -> None:
    commands = [ours(pod) for pod in pods(objects)]
    assert all("command" not in each for each in commands)  # the entry point of the image
    assert [complaint(list(each["args"])) for each in commands] == [None] * 3
    assert sorted(each["args"][0] for each in commands) == ["apply", "plan", "watch"]


def test_no_secret_is_in_the_environment(objects: list[Object]) -> None:
    for container in (each for pod in pods(objects) for each in containers(pod)):
        assert "envFrom" not in container
        for variable in container.get("env", []):
            assert set(variable) == {"name", "value"}  # from nowhere else
            assert variable["name"] in {
                "RECONCILER_SHARDS",
                "PGSERVICEFILE",
            }


def test_no_secret_is_delivered(objects: list[Object]) -> None:
    assert [each for each in objects if each["kind"] == "Secret"] == []


def test_the_keys_and_the_password_are_in_files_that_a_secret_gives(objects: list[Object]) -> None:
    keys = [each.api_key for each in load_configuration(CONFIGURATION).workspaces.values()]
    files = [str(key.path) for key in keys if isinstance(key, SecretFromFile)]
    assert len(files) == len(keys)
    for pod in pods(objects):
        secrets = {each["name"] for each in pod["volumes"] if "secret" in each}
        mounts = {each["mountPath"]: each["name"] for each in ours(pod)["volumeMounts"]}
        service = {each["name"]: each["value"] for each in ours(pod)["env"]}["PGSERVICEFILE"]
        for file in [*files, service]:
            assert mounts[str(PurePosixPath(file).parent)] in secrets


def test_only_the_account_of_the_pod_can_read_its_secrets(objects: list[Object]) -> None:
    for pod in pods(objects):
        modes = [each["secret"]["defaultMode"] for each in pod["volumes"] if "secret" in each]
        assert set(modes) == {0o440}
        assert pod["securityContext"]["fsGroup"] == 65532


def test_the_configuration_finds_its_manifests_in_the_volume(objects: list[Object]) -> None:
    configuration = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
    (folder,) = configuration["defaults"]["manifests"]
    for pod in pods(objects):
        (mount,) = [each for each in ours(pod)["volumeMounts"] if each["name"] == "manifests"]
        linked = any("--link=current" in each["args"] for each in pod.get("initContainers", []))
        found = f"{mount['mountPath']}/current" if linked else mount["mountPath"]
        assert folder == f"{found}/{{workspace}}/"


def test_every_pod_is_held_by_a_policy_of_three_ways_out(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    closed = [each["spec"] for each in policies if "Egress" in each["spec"]["policyTypes"]]
    for policy in closed:
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in policy
        assert policy["podSelector"] == {"matchLabels": OURS}
        ports = [[each["port"] for each in rule["ports"]] for rule in policy["egress"]]
        assert ports == [[53, 53], [443], [5432]]
        assert all(rule["to"] for rule in policy["egress"])
    templates = [template for each in objects if (template := template_of(each))]
    assert all(OURS.items() <= each["metadata"]["labels"].items() for each in templates)


def test_only_the_metrics_of_the_watch_can_be_asked_for(objects: list[Object]) -> None:
    policies = [each["spec"] for each in of_kind(objects, "NetworkPolicy")]
    ((rule, selector),) = [
        (rule, each["podSelector"]["matchLabels"])
        for each in policies
        for rule in each.get("ingress", [])
    ]
    assert selector["app.kubernetes.io/component"] == "watch"
    assert rule["from"]
    assert [each["port"] for each in rule["ports"]] == [9464]


def test_every_pod_has_the_configuration_by_the_hash_of_its_content(
    objects: list[Object], request: pytest.FixtureRequest
) -> None:
    named = {
        each["configMap"]["name"]
        for pod in pods(objects)
        for each in pod["volumes"]
        if "configMap" in each
    }
    if request.node.callspec.params["objects"] == "files":  # kustomize puts the hash there
        assert named == {"reconciler-config"}
        return
    maps = {each["metadata"]["name"]: each for each in of_kind(objects, "ConfigMap")}
    assert named == set(maps)
    for name, each in maps.items():
        assert re.fullmatch(r"reconciler-config-(\w+-)?[0-9a-z]{10}", name)
        assert each["immutable"] is True
        assert each["data"] == {"reconciler.yaml": CONFIGURATION.read_text("utf-8")}


def test_no_delivery_removes_the_configuration_of_pods_that_are_tried_again(
    objects: list[Object],
) -> None:
    for each in objects:
        if each["kind"] == "ConfigMap":
            annotations = each["metadata"]["annotations"]
            assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false"
            assert annotations["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
