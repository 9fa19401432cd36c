"""How the tables of the ledger came to be as they are: one script a version, run by Alembic.

A version is named by four digits, its script ``vNNNN_WHAT.py``. A script is never changed once it
was released. Everything of a migration happens in one transaction.
"""
