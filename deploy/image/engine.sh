# shellcheck shell=sh
# Which engine builds and runs the image; read by the scripts beside it.
# CONTAINER names one. Otherwise it is docker if its daemon answers, else podman.
fail() {
    echo "$*" >&2
    exit 1
}
engine=${CONTAINER:-}
if [ -z "$engine" ]; then
    if docker info >/dev/null 2>&1; then
        engine=docker
    elif command -v podman >/dev/null; then
        engine=podman
    else
        fail "neither docker nor podman can be used here; install one, or name it: CONTAINER=…"
    fi
fi
