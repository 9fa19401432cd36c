#!/bin/sh
# Build the image, or with `pulumi` the one for the Pulumi front, and write its bill of materials to build/.
#
#   BASE            the base of the build; absent: the one of the Dockerfile, or where that cannot be
#                   pulled, one of Debian's packages
#   IMAGE           the name to build; absent: calendar-reconciler:VERSION
#   PIP_INDEX_URL   an index of Python packages; PIP_CONF: a pip.conf, for one with a password
#   CONTAINER       docker or podman; CONTAINER_ARGS: more arguments of the build
set -eu
target=${1:-image}
here=$(dirname "$0")
. "$here/engine.sh"
cd "$here/../.."
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' reconciler/__init__.py)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ "$target" = image ] && suffix= || suffix=-$target
image=${IMAGE:-localhost/calendar-reconciler:$version$suffix}

base=${BASE:-}
if [ -z "$base" ]; then
    base=$(sed -n 's/^ARG BASE=//p' Dockerfile)
    if ! "$engine" image inspect "$base" >/dev/null 2>&1 && ! "$engine" pull --quiet "$base" >/dev/null 2>&1; then
        echo "$base cannot be pulled; the base is made of Debian's packages"
        base=localhost/reconciler-base:debian
        "$engine" image inspect "$base" >/dev/null 2>&1 || sh "$here/base.sh" "$base"
    fi
fi

# Without its own format, buildah leaves HEALTHCHECK out.
case $engine in
    docker) build="docker build" ;;
    *) if command -v buildah >/dev/null; then build="buildah build --layers"; else build="podman build"; fi
        build="$build --format docker" ;;
esac
set --
[ -z "${PIP_CONF:-}" ] || set -- --secret "id=pip.conf,src=$PIP_CONF"
[ -z "${PIP_INDEX_URL:-}" ] || set -- "$@" --build-arg PIP_INDEX_URL
[ -z "${EXTRAS:-}" ] || set -- "$@" --build-arg EXTRAS
[ -z "${PULUMI_CLI:-}" ] || set -- "$@" --build-arg PULUMI_CLI
# shellcheck disable=SC2086 # several words each
$build --file Dockerfile --target "$target" --tag "$image" --build-arg "BASE=$base" \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.revision=$revision" "$@" ${CONTAINER_ARGS:-} .

mkdir -p build
container=$("$engine" create "$image")
trap '"$engine" rm "$container" >/dev/null' EXIT
"$engine" cp "$container:/usr/share/sbom/calendar-reconciler.cdx.json" "build/calendar-reconciler$suffix.cdx.json"
echo "built $image; bill of materials: build/calendar-reconciler$suffix.cdx.json"
