"""Benchmarks of the whole product: how long a plan takes, and whether apply keeps its schedule.

``python -m bench`` (or ``make bench``) runs them and writes tables and JSON to ``bench/results``;
``docs/performance.md`` says what is measured.
"""
