"""What targets are sent when a run ends, and that a run ends the same whatever they do."""

import json
import os
import signal
import ssl
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme

from reconciler.sandbox import Fault, FaultKind, Match, load_seed
from tests.cli.project import LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE, Project
from tests.dead_runs import leave_in_doubt
from tests.notifying.receiver import Receiver, webhook
from tests.postgresql import unused_port
from tests.recall.scripted_server import Reply, Request, Scripted, reply

BOTH = sorted([LEAVER_LOSES_GOOGLE, MOVER_LOSES_GOOGLE])


def _deliveries(project: Project) -> list[tuple[str, str, str, str | None]]:
    report = json.loads(project.out)
    return [(d["target"], d["event"], d["state"], d["cause"]) for d in report["deliveries"]]


def test_a_run_notifies_a_webhook_of_its_numbers(project: Project, receiver: Receiver) -> None:
    project.configure(webhook())
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert project.mutations() == BOTH
    (body,) = receiver.received()
    report = json.loads(project.out)
    assert (body["event"], body["run"], body["workspace"]) == ("run", report["run"], "trial")
    assert body["title"] == "A run of workspace trial did all of its plan"
    assert body["lines"][0] == "Run: 2 verified; 2 mutating calls sent."
    assert _deliveries(project) == [("hook", "run", "delivered", None)]


def test_a_run_that_is_refused_notifies_once_until_the_refusal_ends(
    project: Project, receiver: Receiver
) -> None:
    link = "privacy: ids, link: 'https://ci.example/{run}'"
    project.configure(webhook(link) + "\n    limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve") == 3
    assert project.run("apply", "--auto-approve") == 3
    assert project.mutations() == []
    assert receiver.titles() == [("refused", "A run of workspace trial was refused by 1 guard")]
    (refused,) = receiver.received()
    project.run("runs", "--format", "json")
    assert refused["run"] == json.loads(project.out)["runs"][-1]["run"]
    assert refused["link"] == f"https://ci.example/{refused['run']}"
    project.configure(webhook())
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH
    assert receiver.titles()[1:] == [
        ("run", "A run of workspace trial did all of its plan"),
        ("refused", "No guard refuses the plan of workspace trial any more"),
    ]
    assert [body["over"] for body in receiver.received()] == [False, False, True]


def test_a_plan_that_was_all_done_is_notified_of_once(project: Project, receiver: Receiver) -> None:
    project.configure(webhook())
    project.run("plan", "-o", "plan.json")
    for _ in range(2):
        assert project.run("apply", "plan.json", "--or-resume") == 0
    assert project.mutations() == BOTH
    assert receiver.titles() == [("run", "A run of workspace trial did all of its plan")]


@pytest.mark.parametrize(
    ("privacy", "where"), [("counts", ""), ("ids", ", `reconciler.yaml:8:14`")]
)
def test_a_run_says_which_guards_were_allowed(
    project: Project, receiver: Receiver, privacy: str, where: str
) -> None:
    project.configure(webhook(f"privacy: {privacy}") + "\n    limits: {maxDisconnects: 1}")
    assert project.run("apply", "--auto-approve", "--allow", "max-disconnects") == 0
    assert project.mutations() == BOTH
    (body,) = receiver.received()
    assert body["lines"][1] == (
        "max-disconnects refused, but allowed for this run: 2 disconnects; the limit is 1"
        f" (`maxDisconnects`{where})"
    )


def test_without_a_thread_to_notify_in_the_run_is_reported_all_the_same(
    project: Project, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    project.configure(webhook())
    none = SimpleNamespace(Thread=NoThread, Event=threading.Event)
    monkeypatch.setattr("reconciler.notifying.notifier.threading", none)
    assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert project.mutations() == BOTH
    assert _deliveries(project) == [("hook", "run", "failed", "defect")]
    assert receiver.received() == []


def test_a_run_with_nothing_to_do_notifies_nobody(project: Project, receiver: Receiver) -> None:
    project.configure(webhook())
    project.run("apply", "--auto-approve")
    assert project.run("apply", "--auto-approve") == 0
    assert len(receiver.received()) == 1


@pytest.mark.parametrize("events", ["[partial]", "[run]", "[run, partial]"])
def test_a_run_that_leaves_something_is_notified_once(
    project: Project, receiver: Receiver, events: str
) -> None:
    project.configure(webhook(f"privacy: ids, events: {events}"))
    refused = Match(endpoint="disconnect", external_id="leaver@example.com")
    project.fail(Fault(kind=FaultKind.STATUS, status=403, match=refused, times=9))
    assert project.run("apply", "--auto-approve") == 4
    assert MOVER_LOSES_GOOGLE in project.mutations()
    (body,) = receiver.received()
    assert body["event"] == ("run" if events == "[run]" else "partial")
    assert body["title"] == "A run of workspace trial ended with something not done"


def test_who_has_to_connect_is_notified_if_a_target_asks_for_it(
    project: Project, receiver: Receiver
) -> None:
    project.configure(webhook("privacy: ids, events: [pending]"))
    assert project.run("apply", "--auto-approve") == 0
    assert project.run("apply", "--auto-approve") == 0
    (body,) = receiver.received()
    assert body["title"] == "1 person has to connect 1 platform in workspace trial"
    assert body["lines"] == [
        (
            "`w…@example.com`: connect microsoft: wanted but not connected;"
            " only the person can connect it"
        )
    ]


FAULTS = {
    "rejects": (reply(400), "rejected"),
    "redirects": (reply(307, Location="http://127.0.0.1:1/elsewhere"), "redirected"),
    "fails": (reply(500, Retry_After="0"), "overloaded"),
    "is no HTTP": (Reply((b"hello\r\n\r\n",), close=True), "no_answer"),
    "hangs up": (Reply((), reset=True), "no_answer"),
}


@pytest.mark.parametrize(("answer", "cause"), FAULTS.values(), ids=FAULTS.keys())
def test_a_target_that_fails_changes_no_status_and_is_in_the_report(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    answer: Reply,
    cause: str,
) -> None:
    monkeypatch.setattr("reconciler.notifying.webhook._FIRST_PAUSE", 0.0)
    with Receiver(answer) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
        project.configure(webhook())
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
        expected = 1 if cause in ("rejected", "redirected") else 4
        assert len(receiver.requests) == expected
    assert project.mutations() == BOTH
    assert _deliveries(project) == [("hook", "run", "failed", cause)]


def test_a_target_that_nobody_listens_for_changes_no_status(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.notifying.webhook._FIRST_PAUSE", 0.0)
    monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{unused_port()}/hook")
    monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
    project.configure(webhook())
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH
    assert "hook (run): failed: the target could not be reached" in project.out


def test_a_target_that_never_answers_is_left_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.notifying.notifier.DELIVERY_SECONDS", 0.2)
    drip = Reply((b"HTTP/1.1 200 X\r\nX-Slow: ", *([b"x"] * 1000)), drip=0.1)
    with Receiver(drip) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
        project.configure(webhook())
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert project.mutations() == BOTH
    assert _deliveries(project) == [("hook", "run", "failed", "no_answer")]


def test_a_huge_answer_is_not_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = Reply((b"HTTP/1.1 200 X\r\nContent-Length: 9999999999\r\n\r\n", b"x" * 1000))
    with Receiver(huge) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
        project.configure(webhook())
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert project.mutations() == BOTH
    assert _deliveries(project) == [("hook", "run", "delivered", None)]


@pytest.mark.parametrize("scheme", ["json", "xml", "form"])
def test_apprise_delivers_what_a_run_did(
    project: Project, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with Scripted(reply(200, {})) as server:
        monkeypatch.setenv("CHAT_URL", f"{scheme}://127.0.0.1:{server.port}/token")
        project.configure(
            "notify: {chat: {url: {env: CHAT_URL}, link: 'https://ci.example/{run}'}}"
        )
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
        (request,) = server.requests
    assert project.mutations() == BOTH
    assert b"did all of its plan" in request.body.replace(b"+", b" ")
    assert json.loads(project.out)["run"].encode() in request.body
    assert _deliveries(project) == [("chat", "run", "delivered", None)]


def test_a_service_of_apprise_is_sent_to_in_no_thread_that_a_process_waits_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread of a pool is joined when the process ends, however slowly the service answers."""
    alive: list[str] = []

    def answer(_: Request) -> Reply:
        alive.extend(thread.name for thread in threading.enumerate())
        return reply(200, {})

    with Scripted(answer) as server:
        monkeypatch.setenv("CHAT_URL", f"json://127.0.0.1:{server.port}/token")
        project.configure("notify: {chat: {url: {env: CHAT_URL}}}")
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
    assert _deliveries(project) == [("chat", "run", "delivered", None)]
    assert [name for name in alive if name.startswith("ThreadPoolExecutor")] == []


def test_a_service_of_apprise_that_fails_changes_no_status(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scripted(reply(500, {})) as server:
        monkeypatch.setenv("CHAT_URL", f"json://127.0.0.1:{server.port}/token")
        project.configure("notify: {chat: {url: {env: CHAT_URL}}}")
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
        assert len(server.requests) == 1
    assert project.mutations() == BOTH
    assert _deliveries(project) == [("chat", "run", "failed", "not_accepted")]


@pytest.mark.parametrize(
    ("extra", "environ", "said"),
    [
        (webhook(), {"HOOK_KEY": "0123456789abcdef" * 2}, "HOOK_URL"),
        (webhook(), {"HOOK_URL": "https://x.example/h"}, "HOOK_KEY"),
        (
            webhook(),
            {"HOOK_URL": "https://x.example/h", "HOOK_KEY": "secret-and-short"},
            "too easy to guess",
        ),
        (
            webhook(),
            {"HOOK_URL": "http://x.example/secret", "HOOK_KEY": "0123456789abcdef" * 2},
            "not on loopback",
        ),
        (
            "notify: {chat: {url: {env: CHAT_URL}}}",
            {"CHAT_URL": "nosuchscheme://secret@secret/secret"},
            "Apprise cannot use",
        ),
        (
            "notify: {chat: {url: {env: CHAT_URL}}}",
            {"CHAT_URL": "slack://secret"},
            "Apprise cannot",
        ),
    ],
)
def test_a_target_that_cannot_be_used_is_an_error_before_anything_is_done(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    extra: str,
    environ: dict[str, str],
    said: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    project.configure(extra)
    assert project.run("apply", "--auto-approve", "--verbose") == 65
    assert said in project.err
    assert "secret" not in project.err + project.out
    assert project.mutations() == []
    assert not Path(".reconciler/ledger.db").exists()
    assert project.run("doctor") == 65
    assert "notify" in project.out
    assert "secret" not in project.err + project.out
    assert project.run("plan") == 0


def test_doctor_checks_targets_and_sends_nothing(project: Project, receiver: Receiver) -> None:
    project.configure(webhook())
    project.run("doctor")
    assert "notify: targets that can be used: hook" in project.out
    assert receiver.requests == []


def test_without_apprise_a_run_says_what_to_install_before_anything_is_done(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_URL", "json://127.0.0.1/x")
    monkeypatch.setitem(sys.modules, "reconciler.notifying.apprise_service", None)
    project.configure("notify: {chat: {url: {env: CHAT_URL}}}")
    assert project.run("apply", "--auto-approve") == 65
    assert "'chat' needs Apprise, which is not installed" in project.err
    assert "install the tool with its extra `notify`" in project.err
    assert project.mutations() == []
    assert project.run("plan") == 0


def test_a_webhook_with_tls_is_notified_only_if_its_certificate_is_trusted(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("reconciler.notifying.webhook.ATTEMPTS", 1)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    project.configure(webhook())
    with Scripted(reply(204), tls=context) as server:
        monkeypatch.setenv("HOOK_URL", f"{server.url}/hook")
        monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
        assert _deliveries(project) == [("hook", "run", "failed", "not_reached")]
        assert project.mutations() == BOTH
        assert server.requests == []
        project.sandbox.seed(load_seed(project.folder / "seed.yaml"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert project.run("apply", "--auto-approve", "--format", "json") == 0
        assert _deliveries(project) == [("hook", "run", "delivered", None)]
    assert project.mutations() == BOTH


def test_a_signal_while_a_target_is_notified_lets_the_delivery_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_request: Request) -> Reply:
        os.kill(os.getpid(), signal.SIGINT)
        return reply(204)

    with Receiver(interrupted) as receiver:
        monkeypatch.setenv("HOOK_URL", receiver.hook)
        monkeypatch.setenv("HOOK_KEY", "0123456789abcdef" * 2)
        project.configure(webhook() + "\n    limits: {maxDisconnects: 0}")
        assert project.run("apply", "--auto-approve", "--format", "json") == 3
    assert "Stopping: finishing the notifications, up to 30 s" in project.err
    assert _deliveries(project) == [("hook", "refused", "delivered", None)]
    assert project.mutations() == []


def test_a_dead_run_is_notified_by_the_run_that_resumes_it_and_its_end_by_the_next(
    project: Project, receiver: Receiver
) -> None:
    project.configure(webhook())
    project.run("plan", "-o", "saved.plan")
    dead = leave_in_doubt(project.folder, "saved.plan", "leaver@example.com", ago=3600.0)
    assert project.run("resume", dead) == 4  # nobody can know what became of the call
    assert project.mutations() == [MOVER_LOSES_GOOGLE]
    first, second = receiver.received()
    assert (first["event"], first["run"]) == ("dead_run", dead)
    assert first["title"] == "1 run of workspace trial died or left calls in doubt"
    assert second["event"] == "partial"
    assert project.run("apply", "--auto-approve") == 0
    assert project.mutations() == BOTH
    assert receiver.titles()[2:] == [
        ("dead_run", "Workspace trial has no dead run any more"),
        ("run", "A run of workspace trial did all of its plan"),
    ]
