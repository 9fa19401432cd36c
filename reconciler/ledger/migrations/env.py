"""Alembic's entry point: runs the scripts in the transaction of the given connection."""

from alembic import context

from reconciler.ledger.versions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
