"""Owners: on whose behalf a run acts, and whom it declares with which platforms.

What ran before has no owner, and nobody belongs to anybody until a run declares him.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the owner of a run, and what it declares."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("runs", sa.Column("owner", sa.Text()))
    op.create_table(
        "declared_users",
        sa.Column("run", number, autoincrement=False, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("platforms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"]),
        sa.PrimaryKeyConstraint("run", "user"),
    )
