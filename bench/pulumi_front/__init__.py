"""Benchmarks of the Pulumi front on the real CLI: what it adds to what Pulumi itself takes.

``python -m bench.pulumi_front`` (or ``make bench-pulumi``) runs them and writes tables and JSON to
``bench/results``; ``docs/performance.md`` says what is measured.
"""
