"""The objects for Kubernetes: valid, locked up, and with the right outcome for each exit status."""
