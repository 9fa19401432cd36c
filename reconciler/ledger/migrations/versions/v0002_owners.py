"""Owners: the owner that a run acts for, and the users and platforms that it declares.

Earlier runs have no owner, and no user belongs to an owner until a run declares them.

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
