"""Users of two workspaces at one API, however the configuration spells where that is."""

from pathlib import Path

from reconciler.config import load_configuration
from reconciler.domain import Cancellation, InvalidInput, SystemClock
from reconciler.engine import RateLimiters, declared_twice

CONFIGURATION = """\
apiVersion: reconciler/v1
workspaces:
  by-region: {region: us-west-2, apiKey: {env: KEY}, manifests: [one.yaml]}
  by-url: {baseUrl: "https://US-WEST-2.recall.ai:443/", apiKey: {env: SAME}, manifests: [two.yaml]}
  elsewhere: {region: us-east-1, apiKey: {env: KEY}, manifests: [one.yaml]}
  other-key: {region: us-west-2, apiKey: {env: OTHER}, manifests: [one.yaml]}
"""


def compared(folder: Path, **keys: str) -> dict[str, str]:
    """What is found, by workspace."""
    for name, platform in (("one", "google"), ("two", "microsoft")):
        (folder / f"{name}.yaml").write_text(
            "apiVersion: reconciler/v1\nusers:\n"
            f"  - {{id: anna, platforms: [{platform}]}}\n"
            f"  - {{id: of-{name}, platforms: [], reason: left}}\n"
        )
    path = folder / "reconciler.yaml"
    path.write_text(CONFIGURATION)
    clock = SystemClock()
    workspaces = load_configuration(path).workspaces.values()
    cancellation = Cancellation(clock.monotonic)
    found = declared_twice(list(workspaces), keys, clock, cancellation, RateLimiters(clock))
    messages = {}
    for name, error in found.items():
        assert isinstance(error, InvalidInput)
        messages[name] = error.diagnostics[0].message
    return messages


def test_a_region_and_its_url_are_one_api(tmp_path: Path) -> None:
    found = compared(tmp_path, KEY="key-1", SAME="key-1", OTHER="key-2")
    assert sorted(found) == ["by-region", "by-url"]
    assert found["by-region"].endswith("at the same API: 'anna'")


def test_a_workspace_whose_key_is_unknown_is_not_taken_for_one_with_another_key(
    tmp_path: Path,
) -> None:
    found = compared(tmp_path, KEY="key-1", OTHER="key-2")
    assert list(found) == ["by-url"]
    assert "SAME" in found["by-url"]
