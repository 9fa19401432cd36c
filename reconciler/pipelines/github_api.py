"""What the Action asks of GitHub: comments of a pull request, and issues of a repository.

GraphQL, because it alone says of every comment whether the account of the token wrote it
(``viewerDidAuthor``), whatever kind of token that is.
"""

import json
from typing import Any, Final

from reconciler.domain import Secret
from reconciler.domain.text import excerpt
from reconciler.pipelines.comments import PostedComment
from reconciler.pipelines.host_api import HostRefused, call

_PAGE: Final = "{ nodes { id body viewerDidAuthor } pageInfo { hasNextPage endCursor } }"
_COMMENTS: Final = (
    "query($owner: String!, $name: String!, $number: Int!, $after: String)"
    " { repository(owner: $owner, name: $name) { on: pullRequest(number: $number)"
    f" {{ id found: comments(first: 100, after: $after) {_PAGE} }} }} }}"
)
_ISSUES: Final = (
    "query($owner: String!, $name: String!, $after: String)"
    " { on: repository(owner: $owner, name: $name)"
    f" {{ id found: issues(first: 100, after: $after, states: OPEN) {_PAGE} }} }}"
)
_ADD_COMMENT: Final = (
    "mutation($on: ID!, $body: String!)"
    " { addComment(input: {subjectId: $on, body: $body}) { clientMutationId } }"
)
_UPDATE_COMMENT: Final = (
    "mutation($id: ID!, $body: String!)"
    " { updateIssueComment(input: {id: $id, body: $body}) { clientMutationId } }"
)
_CREATE_ISSUE: Final = (
    "mutation($on: ID!, $title: String!, $body: String!)"
    " { createIssue(input: {repositoryId: $on, title: $title, body: $body}) { clientMutationId } }"
)
_UPDATE_ISSUE: Final = (
    "mutation($id: ID!, $body: String!)"
    " { updateIssue(input: {id: $id, body: $body}) { clientMutationId } }"
)
_CLOSE_ISSUE: Final = (
    "mutation($id: ID!) { closeIssue(input: {issueId: $id}) { clientMutationId } }"
)


class GitHubApi:
    """One repository. Every method raises :class:`HostRefused`."""

    def __init__(self, url: str, repository: str, token: Secret) -> None:
        self._url = url
        self._token = token
        owner, _, name = repository.partition("/")
        self._repository = {"owner": owner, "name": name}

    def comments(self, number: int) -> tuple[str, list[PostedComment]]:
        """The id of pull request ``number``, and all of its comments, oldest first."""
        return self._all(_COMMENTS, number=number)

    def open_issues(self) -> tuple[str, list[PostedComment]]:
        """The id of the repository, and all of its open issues, oldest first."""
        return self._all(_ISSUES)

    def add_comment(self, pull_request: str, body: str) -> None:
        """Write a new comment."""
        self._ask(_ADD_COMMENT, on=pull_request, body=body)

    def update_comment(self, found: PostedComment, body: str) -> None:
        """Replace the text of a comment."""
        self._ask(_UPDATE_COMMENT, id=found.id, body=body)

    def create_issue(self, repository: str, title: str, body: str) -> None:
        """Open an issue."""
        self._ask(_CREATE_ISSUE, on=repository, title=title, body=body)

    def update_issue(self, found: PostedComment, body: str) -> None:
        """Replace the text of an issue."""
        self._ask(_UPDATE_ISSUE, id=found.id, body=body)

    def close_issue(self, found: PostedComment) -> None:
        """Close an issue."""
        self._ask(_CLOSE_ISSUE, id=found.id)

    def _all(self, query: str, **variables: object) -> tuple[str, list[PostedComment]]:
        found: list[PostedComment] = []
        after = None
        while True:
            data = self._ask(query, **self._repository, **variables, after=after)
            on = (data.get("repository") or data).get("on")
            if on is None:
                raise HostRefused("GitHub does not show it to this token")
            page = on["found"]
            found += [
                PostedComment(n["id"], n["body"], n["viewerDidAuthor"]) for n in page["nodes"]
            ]
            if not page["pageInfo"]["hasNextPage"]:
                return on["id"], found
            after = page["pageInfo"]["endCursor"]

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        header = ("Authorization", Secret(f"Bearer {self._token.reveal()}"))
        answer = call("POST", self._url, header, {"query": query, "variables": variables}).body
        if not isinstance(answer, dict) or answer.get("errors") or not answer.get("data"):
            raise HostRefused(f"GitHub answered {excerpt(json.dumps(answer), self._token)}")
        data: dict[str, Any] = answer["data"]
        return data
