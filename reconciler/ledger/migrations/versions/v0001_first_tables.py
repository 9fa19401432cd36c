"""The first tables: runs with their plans and steps, what is in doubt, used plans, the lock.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "about",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "plans",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "runs",
        sa.Column("number", number, nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("front", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text()),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("machine", sa.Text()),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text()),
        sa.Column("resumes", sa.Text()),
        sa.Column("plan", sa.Text()),
        sa.Column("envelope", sa.LargeBinary()),
        sa.Column("seal", sa.Text()),
        sa.Column("verdicts", sa.Text()),
        sa.Column("declared", sa.BigInteger()),
        sa.Column("observed", sa.BigInteger()),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("actions", sa.BigInteger(), nullable=False),
        sa.Column("outcomes", sa.Text()),
        sa.Column("calls", sa.BigInteger()),
        sa.Column("halted", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.ForeignKeyConstraint(["plan"], ["plans.digest"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_resumes", "runs", ["resumes"])
    op.create_index("runs_of_workspace", "runs", ["workspace", "number"])
    op.create_index("runs_accepted", "runs", ["workspace", "address", "accepted", "number"])
    op.create_index("runs_in_state", "runs", ["workspace", "state"])
    op.create_table(
        "steps",
        sa.Column("number", number, nullable=False),
        sa.Column("run", number, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("call", sa.Integer()),
        sa.Column("code", sa.Text()),
        sa.Column("no_effect", sa.Boolean()),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("settled_by", sa.Text()),
        sa.ForeignKeyConstraint(["run"], ["runs.number"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("steps_of_run", "steps", ["run", "number"])
    op.create_index(
        "steps_that_end",
        "steps",
        ["run", "position", "number", "outcome"],
        sqlite_where=sa.text("outcome IS NOT NULL"),
        postgresql_where=sa.text("outcome IS NOT NULL"),
    )
    op.create_table(
        "in_doubt",
        sa.Column("run", number, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("call", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.ForeignKeyConstraint(["run"], ["runs.number"]),
        sa.PrimaryKeyConstraint("run", "position"),
    )
    op.create_table(
        "used_plans",
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal"),
    )
    op.create_table(
        "locks",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Text()),
        sa.Column("who", sa.Text()),
        sa.Column("host", sa.Text()),
        sa.Column("pid", sa.BigInteger()),
        sa.Column("machine", sa.Text()),
        sa.Column("since", sa.Double()),
        sa.Column("heartbeat", sa.Double()),
        sa.PrimaryKeyConstraint("workspace"),
    )
