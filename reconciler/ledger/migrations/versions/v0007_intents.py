"""Intents that disconnect, and an index of them: how many began within the last 24 hours?

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index; of earlier intents it is not known."""
    op.add_column("steps", sa.Column("disconnects", sa.Boolean()))
    intents = sa.text("kind = 'intent'")
    op.create_index(
        "steps_of_intents",
        "steps",
        ["run", "at"],
        sqlite_where=intents,
        postgresql_where=intents,
    )
