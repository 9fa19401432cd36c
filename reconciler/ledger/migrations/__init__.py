"""Migrations of the ledger's tables: one script for each version, run by Alembic.

A version has four digits; its script is ``vNNNN_WHAT.py``. We never change a released script. A
migration is one transaction.
"""
