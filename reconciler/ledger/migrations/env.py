"""Alembic's entry: runs the scripts on the connection, in the transaction, that it is given."""

from alembic import context

from reconciler.ledger.versions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
