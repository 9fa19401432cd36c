"""The versions of the ledger's tables, the oldest first."""
