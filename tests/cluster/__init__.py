"""The Jobs of ``deploy/`` on a real cluster; only ``make test-kubernetes`` runs these tests."""
