#!/bin/sh
# Make a base for the image from Debian's packages, for where no image registry is reached.
# It takes the package sources of this machine, security updates among them. Needs mmdebstrap.
set -eu
name=${1:?usage: base.sh NAME}
. "$(dirname "$0")/engine.sh"
command -v mmdebstrap >/dev/null || fail "install mmdebstrap (apt-get install mmdebstrap)"
suite=${DEBIAN_SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
for sources in ${DEBIAN_SOURCES:-/etc/apt/sources.list.d/debian.sources /etc/apt/sources.list}; do
    [ ! -s "$sources" ] || break
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3-venv \
    "$suite" "$folder/base.tar" "$sources"
"$engine" import "$folder/base.tar" "$name" >/dev/null
echo "made $name from the packages of $suite"
