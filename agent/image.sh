#!/usr/bin/env bash
# Builds a container image of bin/layergate: agent/image.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: agent/image.sh NAME}
certificates=/usr/share/ca-certificates/mozilla
if [[ ! -d $certificates ]]; then
  echo "no $certificates to take the certificate authorities from: apt-get install ca-certificates" >&2
  exit 1
fi
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
mkdir -p "$context"/root/{etc/ssl/certs,tmp,work}
chmod 1777 "$context/root/tmp"
# Mozilla's authorities only: not those that were added to this machine.
cat "$certificates"/*.crt >"$context/root/etc/ssl/certs/ca-certificates.crt"
cp bin/layergate "$context/root/"
cp LICENSE NOTICE "$context/root/"
cp agent/Dockerfile "$context/"
DOCKER_BUILDKIT=0 docker build --quiet --tag "$name" "$context"
