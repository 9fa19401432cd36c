#!/bin/sh
# The sandbox fleet of manifests/ by Pulumi: new, converged, unchanged. No account, no key. Starts
# from the seed each time; what it makes goes with it, but for the sandbox and the ledger in .reconciler/.
set -eu
reconciler=${1:-reconciler}
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
"$reconciler" sandbox reset >/dev/null
say pulumi stack init demo
say pulumi preview
say pulumi up --yes
say pulumi preview --expect-no-changes
