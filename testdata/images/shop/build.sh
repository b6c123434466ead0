#!/usr/bin/env bash
# Builds testdata/images/shop.tar, the image of the README's first command: an
# OCI archive, as `skopeo copy` writes it, of what a real `docker build` made.
# Needs root, a docker daemon, skopeo, mmdebstrap, npm, mvn, go, and the
# registries of Debian, npm, Maven and Go. A minute.
#
# The mirrors move on, so a new build holds other Debian versions than the
# committed one: run the tests after it, and commit both.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

# Debian's packages, each configured by its own maintainer scripts. chrootless
# mode leaves out apt, bash and perl; documentation (but for the licences),
# locales and character sets go, as they do from Debian's slim images.
# Only the release itself is a source here, from the mirror that this machine's
# apt uses: its security upgrades come later.
source=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | grep ' bookworm main$')
DEBCONF_SYSTEMRC=/etc/debconf.conf mmdebstrap --mode=chrootless --variant=custom \
  --include=base-files,base-passwd,busybox,dash,dpkg,libc-bin,netbase \
  --setup-hook='mkdir -p "$1/etc" "$1/var/cache/debconf"; cp /etc/debconf.conf "$1/etc/"' \
  --customize-hook='find "$1/usr/share/doc" -type f ! -name copyright -delete' \
  --customize-hook='cd "$1" && rm -r usr/share/man/* usr/share/locale/* usr/lib/locale usr/lib/*/gconv lib/*/libmvec.so.1' \
  --customize-hook='rm -f "$1"/var/log/*.log "$1"/var/cache/debconf/*' \
  bookworm "$context/base.tar" "$source"

mkdir "$context/upgrades" "$context/lib"
(cd "$context/upgrades" && apt-get download liblzma5/bookworm-security)

cp "$here"/web/package*.json "$context/"
(cd "$context" && npm ci --ignore-scripts --no-audit --no-fund)

for artifact in log4j-api log4j-core; do
  mvn -q dependency:copy -Dartifact=org.apache.logging.log4j:$artifact:2.14.1 -DoutputDirectory="$context/lib"
done

(cd "$here/server" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$context/server" .)

cp "$here/Dockerfile" "$context/"
DOCKER_BUILDKIT=0 docker build --network host -t registry.example.com/shop:1.4.2 "$context"
rm -f "$here/../shop.tar"
skopeo copy --insecure-policy docker-daemon:registry.example.com/shop:1.4.2 "oci-archive:$here/../shop.tar:1.4.2"
ls -l "$here/../shop.tar"
