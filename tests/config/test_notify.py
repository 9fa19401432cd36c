"""`notify`: targets, what they are notified of by default, and what is refused."""

import pytest

from reconciler.config import AppriseService, Webhook
from reconciler.domain import NotificationEvent, Privacy
from tests.config.file import File

HOOK = "webhook: {url: {env: HOOK_URL}, hmacKey: {env: HOOK_KEY}}"


def test_a_target_shows_counts_and_hears_of_all_but_pending_by_default(file: File) -> None:
    (target,) = file.workspace("    notify: {ops: {url: {env: CHAT}}}\n").notify
    assert (target.name, target.privacy, target.link) == ("ops", Privacy.COUNTS, None)
    assert target.events == set(NotificationEvent) - {NotificationEvent.PENDING}
    assert isinstance(target.service, AppriseService)


def test_a_webhook_has_a_url_and_a_key(file: File) -> None:
    (target,) = file.workspace(f"    notify: {{hook: {{{HOOK}, events: [run]}}}}\n").notify
    assert isinstance(target.service, Webhook)
    assert target.events == {NotificationEvent.RUN}
    assert len(target.secrets) == 2


@pytest.mark.parametrize(
    ("link", "of_a_plan", "of_a_run"),
    [
        ("https://ci.example/x", "https://ci.example/x", "https://ci.example/x"),
        ("https://ci.example/{run}", None, "https://ci.example/r1"),
        ("https://ci.example/{workspace}", "https://ci.example/w", "https://ci.example/w"),
    ],
)
def test_a_link_names_run_and_workspace(
    file: File, link: str, of_a_plan: str | None, of_a_run: str
) -> None:
    settings = f"    notify: {{ops: {{url: {{env: CHAT}}, link: '{link}'}}}}\n"
    (target,) = file.workspace(settings).notify
    assert target.link_for("w", None) == of_a_plan
    assert target.link_for("w", "r1") == of_a_run


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("{url: {env: RECALL_API_KEY}}", "holds the API key of workspace"),
        (
            "{webhook: {url: {env: A}, hmacKey: {env: RECALL_API_KEY}}}",
            "holds the API key of workspace",
        ),
        ("{}", "exactly one of `url` and `webhook`"),
        (f"{{url: {{env: A}}, {HOOK}}}", "exactly one of `url` and `webhook`"),
        ("{url: {env: A}, events: [drifted]}", "drifted"),
        ("{url: {env: A}, link: 'https://x.example/{user}'}", "placeholder"),
        ("{url: {env: A}, link: 'javascript:alert(1)'}", "no URL of a page"),
        ("{url: {env: A}, link: 'https://user:pass@x.example/'}", "a user or a password"),
    ],
)
def test_what_cannot_be_a_target_is_an_error(file: File, target: str, said: str) -> None:
    assert said in file.error_of(f"    notify: {{ops: {target}}}\n")


def test_a_url_in_the_file_is_refused_and_not_shown(file: File) -> None:
    error = file.error_of("    notify: {ops: {url: 'slack://secret/token'}}\n")
    assert "secret" not in error


def test_the_defaults_have_targets_and_a_workspace_replaces_one(file: File) -> None:
    text = (
        "apiVersion: reconciler/v1\n"
        "defaults:\n"
        "  region: us-west-2\n"
        "  apiKey: {env: KEY}\n"
        "  manifests: [m/]\n"
        "  notify: {ops: {url: {env: OPS}, link: 'https://x.example/{workspace}'},"
        " audit: {url: {env: AUDIT}}}\n"
        "workspaces:\n"
        "  one: {}\n"
        "  two: {notify: {ops: {url: {env: OTHER}, privacy: ids}}}\n"
    )
    loaded = file.load(text)
    one, two = loaded.workspace("one").notify, loaded.workspace("two").notify
    assert [target.name for target in one] == ["ops", "audit"]
    assert one[0].link_for("one", None) == "https://x.example/one"
    assert [(target.name, target.privacy) for target in two] == [
        ("ops", Privacy.IDS),
        ("audit", Privacy.COUNTS),
    ]
