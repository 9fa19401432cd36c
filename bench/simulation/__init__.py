"""A simulation of many large workspaces on many pods, and real runs of its smallest case.

``python -m bench.simulation`` (or ``make bench-simulation``) writes tables and JSON to
``bench/results``; ``docs/scale.md`` says what is simulated and what was found.
"""
