#!/bin/sh
# The sandbox fleet of manifests/ by Pulumi: new, converged, unchanged. No account, no key; what it
# makes goes with it, but for the sandbox and the ledger in .reconciler/.
set -eu
command -v pulumi >/dev/null || {
    echo "the Pulumi CLI is not installed: https://www.pulumi.com/docs/iac/download-install/" >&2
    exit 69
}
home=$(mktemp -d)
trap 'rm -rf "$home" Pulumi.demo.yaml' EXIT
mkdir "$home/backend"
export PULUMI_HOME="$home/home" PULUMI_BACKEND_URL="file://$home/backend"
export PULUMI_CONFIG_PASSPHRASE= PULUMI_SKIP_UPDATE_CHECK=true

say() {
    printf '\n$ %s\n' "$*"
    "$@"
}
say pulumi stack init demo
say pulumi preview --non-interactive
say pulumi up --yes --non-interactive
say pulumi preview --non-interactive --expect-no-changes
