"""How many of something there are."""

from typing import Annotated, TypeAlias

from msgspec import Meta

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A whole number from 0, such as a database holds. Where it is decoded no other is let through."""
