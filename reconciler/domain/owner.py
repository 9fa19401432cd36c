"""Who declares calendar users: a workspace's command line, or a Pulumi stack.

An owner is a name, in words that a refusal can quote.
"""

from typing import Final

COMMAND_LINE: Final = "the command line"


def stack_owner(stack: str) -> str:
    """The Pulumi stack ``ORGANIZATION/PROJECT/STACK`` as an owner."""
    return f"stack {stack}"
