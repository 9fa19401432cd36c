"""Seen users: the declared users that were listed when a run was accepted.

Of earlier runs, the users with an intent count: each was read just before it.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the users that were seen."""
    op.create_table(
        "seen_users",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "address", "user"),
    )
    op.execute(
        'INSERT INTO seen_users (workspace, address, "user")'
        ' SELECT DISTINCT runs.workspace, runs.address, steps."user"'
        " FROM steps JOIN runs ON runs.number = steps.run WHERE steps.kind = 'intent'"
    )
