"""Many runs that act at once, each on a workspace of its own, on one ledger in PostgreSQL."""
