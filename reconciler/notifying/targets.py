"""Targets with their secrets: everything about them is checked here, before anything is done.

Whether a target can be reached is never checked: a target that is down must not keep a run back.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.config import AppriseService, NotificationTarget, Workspace
from reconciler.config.secret_source import SecretKind, SecretSource, resolve_secret
from reconciler.domain import (
    Diagnostic,
    InvalidInput,
    Secret,
    SecretFault,
    install_extra,
    is_header_safe,
    is_loopback,
)

LEAST_KEY: Final = 32
"""Characters of an HMAC key: 16 random bytes in hexadecimal."""
_ALONE: Final = "it must be the URL alone, with other characters percent-encoded"


class ReadyApprise(Struct, frozen=True):
    """A service of Apprise with its URL."""

    url: Secret


class ReadyWebhook(Struct, frozen=True):
    """A webhook with its URL and key."""

    url: Secret
    hmac_key: Secret


ReadyService: TypeAlias = ReadyApprise | ReadyWebhook


class ReadyTarget(Struct, frozen=True):
    """A target that can be delivered to."""

    target: NotificationTarget
    service: ReadyService


def ready_targets(
    workspace: Workspace, environ: Mapping[str, str], keys: Sequence[Secret] = ()
) -> tuple[ReadyTarget, ...]:
    """The targets of ``workspace`` with their secrets; none of these may hold one of ``keys``.

    Raises :class:`InvalidInput` with every error. None of them shows a part of a URL.
    """
    ready: list[ReadyTarget] = []
    wrong: list[Diagnostic] = []
    for target in workspace.notify:
        try:
            ready.append(ReadyTarget(target, _service(target, environ, keys)))
        except InvalidInput as error:
            wrong.extend(error.diagnostics)
    if wrong:
        raise InvalidInput(*wrong)
    return tuple(ready)


def _service(
    target: NotificationTarget, environ: Mapping[str, str], keys: Sequence[Secret]
) -> ReadyService:
    service = target.service
    what = f"URL of the notification target {target.name!r}"
    if isinstance(service, AppriseService):
        url = _resolved(service.url, environ, SecretKind(what, _url_fault), keys)
        _check_apprise(target, url)
        return ReadyApprise(url)
    url = _resolved(service.url, environ, SecretKind(what, _webhook_fault), keys)
    kind = SecretKind(f"HMAC key of the notification target {target.name!r}", _key_fault)
    return ReadyWebhook(url, _resolved(service.hmac_key, environ, kind, keys))


def _resolved(
    source: SecretSource, environ: Mapping[str, str], kind: SecretKind, keys: Sequence[Secret]
) -> Secret:
    secret = resolve_secret(source, environ, kind)
    if any(key.reveal() in secret.reveal() for key in keys):
        problem = f"the {kind.name} holds the API key of the workspace"
        raise InvalidInput(Diagnostic(source.source, problem, "no target gets an API key"))
    return secret


def _check_apprise(target: NotificationTarget, url: Secret) -> None:
    try:
        # Late: Apprise takes as long to load as a small plan takes in all.
        from reconciler.notifying.apprise_service import is_known  # noqa: PLC0415
    except ImportError:
        problem = f"the notification target {target.name!r} needs Apprise, which is not installed"
        raise InvalidInput(Diagnostic(target.source, problem, install_extra("notify"))) from None
    if not is_known(url):
        problem = f"Apprise cannot use the URL of the notification target {target.name!r}"
        hint = (
            "compare it with the service's page at https://github.com/caronc/apprise/wiki;"
            " some services need a further package"
        )
        raise InvalidInput(Diagnostic(target.source, problem, hint))


def _url_fault(text: str) -> SecretFault | None:
    if not text:
        return SecretFault("is empty", _ALONE)
    if not is_header_safe(text):
        return SecretFault("holds spaces, line ends or characters that are not ASCII", _ALONE)
    if "://" not in text:
        return SecretFault("is no URL", _ALONE)
    return None


def _webhook_fault(text: str) -> SecretFault | None:
    if fault := _url_fault(text):
        return fault
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return SecretFault("is no URL", _ALONE)
    if parts.scheme not in ("https", "http") or not host:
        return SecretFault("does not begin with https:// and a host", "write https://host/path")
    if parts.scheme == "http" and not is_loopback(host):
        problem = "is http and not on loopback: others could read the notification"
        return SecretFault(problem, "write https://host/path")
    if "@" in parts.netloc:
        return SecretFault("holds a user or a password", "a receiver knows us by the signature")
    return None


def _key_fault(text: str) -> SecretFault | None:
    if len(text) < LEAST_KEY or len(set(text)) < LEAST_KEY // 4:
        problem = f"is too easy to guess: it needs {LEAST_KEY} random characters or more"
        return SecretFault(problem, "make one with `openssl rand -hex 32`")
    if not is_header_safe(text):
        problem = "holds spaces, line ends or characters that are not ASCII"
        return SecretFault(problem, "make one with `openssl rand -hex 32`")
    return None
