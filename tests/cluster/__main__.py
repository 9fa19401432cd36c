"""``make test-kubernetes``: run these tests on the cluster of ``KUBECONFIG``, if it is for tests.

    KUBECONFIG            the cluster; its context must be called reconciler-test…
    TEST_IMAGE            the image under test (localhost/calendar-reconciler:test)
    TEST_POSTGRES_IMAGE   PostgreSQL for the ledger (postgres:17)
    TEST_WORKERS          how many tests at a time (4)

The nodes must have both images, or be able to pull them. More words go to pytest.
"""

import os
import sys

import pytest

from tests.cluster.kubectl import Refused, checked_context


def main(arguments: list[str]) -> int:
    try:
        context = checked_context()
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return 1
    if context is None:
        print("skipped: KUBECONFIG names no cluster")
        return 0
    os.environ["TEST_CLUSTER"] = context
    workers = os.environ.get("TEST_WORKERS", "4")
    chosen = ["--numprocesses", workers, "--dist", "worksteal", "--durations", "0"]
    return pytest.main([*chosen, "tests/cluster", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
