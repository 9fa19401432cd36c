"""Errors as Pulumi shows them: one sentence, no traceback, on either side of the front."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pulumi

from reconciler.domain import Diagnostic, InvalidInput

if TYPE_CHECKING:
    from reconciler.config import Workspace


class Failed(Exception):
    """What the provider could not do, in words. (Named by its bare name where it is shown.)"""


# Else the SDK shows the module before the message.
Failed.__module__ = "builtins"


def wrong(message: str) -> InvalidInput:
    """The error of something that a program was given, and no file says."""
    return InvalidInput(Diagnostic(None, message))


@contextmanager
def told_by_program(
    workspace: "Workspace | None" = None, report: Callable[[Exception], None] = lambda _: None
) -> Iterator[None]:
    """Raise what goes wrong as the one error that Pulumi shows without a traceback.

    It is given to ``report`` first, whose own failure is told instead.
    """
    try:
        try:
            yield
        except pulumi.RunError:
            raise
        except Exception as error:
            report(error)
            raise
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 - all ends here
        raise pulumi.RunError(_said(error, workspace)) from None


@contextmanager
def told_by_provider(workspace: "Workspace | None" = None) -> Iterator[None]:
    """Raise what goes wrong as one line."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:  # noqa: BLE001 - all ends here
        raise Failed(_said(error, workspace)) from None


def _said(error: Exception, workspace: "Workspace | None") -> str:
    # Late: to tell all errors apart, all that raises them is loaded.
    from reconciler.pulumi_provider.errors import said  # noqa: PLC0415

    return said(error, workspace)
