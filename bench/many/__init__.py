"""Benchmarks of one command that plans many workspaces.

``python -m bench.many`` (or ``make bench-many``) runs them and writes tables and JSON to
``bench/results``; ``docs/performance.md`` says what is measured.
"""
