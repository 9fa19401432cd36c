"""The start of the process that holds a lock: without it, a reused process id looks alive.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the start; locks that are held now have none."""
    op.add_column("locks", sa.Column("started", sa.Text()))
