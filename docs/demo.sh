#!/bin/sh
# The main job on the embedded sandbox: a fleet converges. Starts from the seed each time.
set -eu
reconciler=${1:-reconciler}

step() {
    printf '\n$ reconciler %s\n' "$*"
    "$reconciler" "$@"
}

"$reconciler" sandbox reset >/dev/null
step validate
step plan
step apply --auto-approve
step plan
