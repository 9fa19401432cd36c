"""GitHub and GitLab on the loopback interface: the few calls that a pipeline makes, and a log.

Both give 100 comments a page, as the real ones do, and refuse what they do not know.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

PAGE: Final = 100
OUR_USER: Final = 42


class Written(Struct):
    """A comment, a note or an issue that is there."""

    id: str
    body: str
    ours: bool = True
    title: str = ""
    closed: bool = False


class Hosts:
    """What both services hold, and what they were asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.comments: list[Written] = []
        self.issues: list[Written] = []
        self.calls: list[tuple[str, ...]] = []
        self.tokens: set[str] = set()
        self.fails_with: int | None = None

    def changes(self) -> list[tuple[str, ...]]:
        """The calls that wrote something: what was done, and to what."""
        return [call for call in self.calls if call[0] not in ("GET", "comments", "issues")]

    def graphql(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        for name, answer in _OPERATIONS.items():
            if f"{name}(" in query:
                return {"data": answer(self, given)}
        return {"errors": [{"message": f"this is not known here: {query}"}]}

    def gitlab(self, method: str, path: str, body: dict[str, Any]) -> tuple[Any, str]:
        parts = urlsplit(path)
        notes = "/api/v4/projects/1/merge_requests/7/notes"
        if (method, parts.path) == ("GET", "/api/v4/user"):
            return {"id": OUR_USER}, ""
        if (method, parts.path) == ("GET", notes):
            page = int(parse_qs(parts.query)["page"][0])
            some = self.comments[(page - 1) * PAGE : page * PAGE]
            more = str(page + 1) if len(self.comments) > page * PAGE else ""
            return [_note(each) for each in some], more
        if (method, parts.path) == ("POST", notes):
            self.comments.append(Written(f"{len(self.comments) + 1}", body["body"]))
            return _note(self.comments[-1]), ""
        number = parts.path.removeprefix(f"{notes}/")
        found = next(each for each in self.comments if (method, each.id) == ("PUT", number))
        found.body = body["body"]
        return _note(found), ""


def _note(each: Written) -> dict[str, Any]:
    author = {"id": OUR_USER if each.ours else 1}
    return {"id": int(each.id), "body": each.body, "author": author, "system": False}


def _page(hosts: Hosts, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    everything = [e for e in getattr(hosts, kind) if not e.closed]
    start = int(given["after"] or 0)
    hosts.calls.append((kind, given["owner"], given["name"], str(given.get("number", ""))))
    nodes = [
        {"id": each.id, "body": each.body, "viewerDidAuthor": each.ours}
        for each in everything[start : start + PAGE]
    ]
    end = start + len(nodes)
    info = {"hasNextPage": end < len(everything), "endCursor": str(end)}
    return {"id": f"id-of-{kind}", "found": {"nodes": nodes, "pageInfo": info}}


def _add(hosts: Hosts, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    assert given["on"] == f"id-of-{kind}"
    there = getattr(hosts, kind)
    there.append(Written(f"{kind}-{len(there) + 1}", given["body"], title=given.get("title", "")))
    hosts.calls.append((f"add to {kind}", there[-1].id))
    return {"done": {"clientMutationId": None}}


def _find(hosts: Hosts, kind: str, given: dict[str, Any], what: str) -> Written:
    hosts.calls.append((what, given["id"]))
    found: Written = next(each for each in getattr(hosts, kind) if each.id == given["id"])
    return found


def _update(hosts: Hosts, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    _find(hosts, kind, given, "update").body = given["body"]
    return {"done": {"clientMutationId": None}}


def _close(hosts: Hosts, given: dict[str, Any]) -> dict[str, Any]:
    _find(hosts, "issues", given, "close").closed = True
    return {"done": {"clientMutationId": None}}


_OPERATIONS: Final[dict[str, Callable[[Hosts, dict[str, Any]], dict[str, Any]]]] = {
    "addComment": lambda hosts, given: _add(hosts, "comments", given),
    "updateIssueComment": lambda hosts, given: _update(hosts, "comments", given),
    "createIssue": lambda hosts, given: _add(hosts, "issues", given),
    "updateIssue": lambda hosts, given: _update(hosts, "issues", given),
    "closeIssue": _close,
    "comments": lambda hosts, given: {"repository": {"on": _page(hosts, "comments", given)}},
    "issues": lambda hosts, given: {"on": _page(hosts, "issues", given)},
}


@contextmanager
def served_hosts() -> Iterator[Hosts]:
    """Both services, for as long as the context lasts."""
    hosts = Hosts()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            hosts.tokens.add(self.headers.get("Authorization") or self.headers["PRIVATE-TOKEN"])
            more = ""
            answer: Any
            if hosts.fails_with is not None:
                answer = {"message": "no"}
            elif self.path == "/graphql":
                answer = hosts.graphql(body["query"], body["variables"])
            else:
                hosts.calls.append((self.command, self.path))
                answer, more = hosts.gitlab(self.command, self.path, body)
            content = json.dumps(answer).encode()
            self.send_response(hosts.fails_with or 200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Next-Page", more)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hosts.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hosts
        finally:
            server.shutdown()
            thread.join()
