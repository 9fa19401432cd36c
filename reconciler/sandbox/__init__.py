"""The embedded imitation of the Recall Calendar V1 API: an HTTP server with stored state.

It is for trials, demonstrations, tests and benchmarks. It shares no wire code with the client in
``reconciler.recall``, so a mistake there is not repeated here.
"""

from reconciler.sandbox.faults import Fault, FaultKind, Match
from reconciler.sandbox.oauth_apps import OAuthApp
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.seed import Seed, SeedPreferences, SeedUser, load_seed
from reconciler.sandbox.server import RemoteListenRefused, SandboxServer, running_server
from reconciler.sandbox.settings import Behaviour
from reconciler.sandbox.state import SandboxState, UnknownUser, open_seeded

__all__ = [
    "Behaviour",
    "Fault",
    "FaultKind",
    "LoggedRequest",
    "Match",
    "OAuthApp",
    "RemoteListenRefused",
    "SandboxServer",
    "SandboxState",
    "Seed",
    "SeedPreferences",
    "SeedUser",
    "UnknownUser",
    "load_seed",
    "open_seeded",
    "running_server",
]
