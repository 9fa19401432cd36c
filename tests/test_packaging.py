"""What the package says of itself where there is no repository around it."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README: Final = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


def published() -> str:
    """The README as a package index shows it."""
    text = "".join((ROOT / part["path"]).read_text("utf-8") for part in README["fragments"])
    for each in README["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    return text


def test_every_link_of_the_published_readme_leads_somewhere() -> None:
    base = f"{PROJECT['project']['urls']['Repository']}/blob/main/"
    links = [link for link in LINK.findall(published()) if not link.startswith("#")]
    ours = [link.removeprefix(base) for link in links if link.startswith(base)]
    assert all(link.startswith("https://") for link in links)
    assert "docs/safety.md" in ours
    assert [path for path in ours if not (ROOT / path.partition("#")[0]).exists()] == []


def test_the_addresses_of_the_project_are_of_one_repository() -> None:
    urls = PROJECT["project"]["urls"]
    assert all(url.startswith(urls["Repository"]) for url in urls.values())
    assert PROJECT["project"]["authors"]


def test_continuous_integration_runs_every_python_that_the_package_names() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    named = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["project"]["classifiers"]))
    quoted = ", ".join(f'"{version}"' for version in named)
    assert f"python: [{quoted}]" in workflow


def test_the_image_says_of_itself_what_the_package_does() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    project = PROJECT["project"]
    said = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', dockerfile))
    assert said == {
        "title": project["name"],
        "description": project["description"],
        "licenses": project["license"],
        "source": project["urls"]["Repository"],
    }


def test_the_image_is_built_with_extras_that_there_are() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    (extras,) = re.findall(r"^ARG EXTRAS=(.+)$", dockerfile, re.MULTILINE)
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_every_action_of_others_is_pinned_to_a_commit_whose_version_is_said() -> None:
    files = [ROOT / "action.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))]
    used = [line for file in files for line in re.findall(r"uses: (.*)", file.read_text("utf-8"))]
    assert used
    assert [each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[0-9.]+", each)] == []
