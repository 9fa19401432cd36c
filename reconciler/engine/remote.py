"""Where a workspace's API is: a region, a URL of one's own, or the sandbox that is served for it.

The only place that turns configuration into an endpoint with a key in it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reconciler.config import BaseUrl, Region, SandboxSource, Workspace, resolve_key
from reconciler.domain import Diagnostic, InvalidInput, Secret
from reconciler.recall import Endpoint, base_url_endpoint, region_endpoint, sandbox_endpoint


@contextmanager
def open_remote(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[Endpoint]:
    """The endpoint of ``workspace``, for as long as the context lasts.

    A sandbox that no process serves now is served by this one, in a thread, on a free loopback
    port. Raises :class:`InvalidInput` for a key that cannot be had.
    """
    match workspace.remote:
        case Region(name=name):
            yield region_endpoint(name, _key(workspace, environ))
        case BaseUrl(url=url):
            yield base_url_endpoint(url, _key(workspace, environ))
        case SandboxSource() as source:
            with _served(source, workspace, environ) as endpoint:
                yield endpoint


def _key(workspace: Workspace, environ: Mapping[str, str]) -> Secret:
    if workspace.api_key is None:
        raise InvalidInput(
            Diagnostic(
                workspace.source,
                f"workspace {workspace.name!r} has no apiKey",
                "add `apiKey: {env: RECALL_API_KEY}`",
            )
        )
    return resolve_key(workspace.api_key, environ)


@contextmanager
def _served(
    source: SandboxSource, workspace: Workspace, environ: Mapping[str, str]
) -> Iterator[Endpoint]:
    # Late: the server's libraries are loaded only where a sandbox is spoken to.
    from reconciler.sandbox import SandboxServer, open_seeded, running_server  # noqa: PLC0415

    with open_seeded(source.state, source.seed) as state:
        identity, own_key = state.id, state.api_key
    key = own_key if workspace.api_key is None else resolve_key(workspace.api_key, environ)
    url = running_server(source.state)
    if url is not None:
        yield sandbox_endpoint(identity, url, key)
        return
    with SandboxServer(source.state) as server:
        yield sandbox_endpoint(identity, server.url, key)
