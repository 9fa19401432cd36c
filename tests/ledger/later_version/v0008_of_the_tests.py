"""A later version, as the tests of migrating have it: a column more, and something in it.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("about", sa.Column("motto", sa.Text()))
    op.execute("UPDATE about SET motto = 'later'")
    op.create_index("runs_of_commit", "runs", ["commit"])
