#!/usr/bin/env bash
# Lists every difference between what Layergate and osv-scanner find in the same
# images with the same advisories: osv-scanner gets the zips of the shared data,
# Layergate an index of just these zips. compare/ does the comparing, reasons.tsv
# has why they differ; a difference that it does not explain ends in exit code 1.
# docs/accuracy.md tells the result.
#
# The images: testdata/images/shop.tar; each Alpine root file system of the
# shared data; all packages that the advisories know for Debian 12, npm, PyPI
# and Maven, and for Alpine 3.20 (feeds/); Debian 11 as mmdebstrap makes it, where
# that is installed and run by root; and testdata/bench's, if
# testdata/bench/build.sh has built it.
#
# What is downloaded or built stays in $LAYERGATE_ACCURACY
# (default /tmp/layergate-accuracy): 1 GB at first, none later.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=v2.5.0
shared=$(realpath "${LAYERGATE_SHARED:-../shared}")
bench=${LAYERGATE_BENCH:-/tmp/layergate-bench}
work=${LAYERGATE_ACCURACY:-/tmp/layergate-accuracy}

[[ -d $shared/data/osv ]] || { echo "no $shared/data/osv: set LAYERGATE_SHARED to the shared data's folder" >&2; exit 1; }
command -v skopeo >/dev/null || { echo "skopeo is missing: apt-get install skopeo" >&2; exit 1; }
mkdir -p "$work"

scanner=$work/$version/osv-scanner
if [[ ! -x $scanner ]]; then
  echo "building osv-scanner $version, some minutes"
  GOBIN=$work/$version GOTOOLCHAIN=local CGO_ENABLED=0 go install "github.com/google/osv-scanner/v2/cmd/osv-scanner@$version"
fi
CGO_ENABLED=0 go build -trimpath -o "$work/layergate" ./agent/cmd/layergate
go build -o "$work/compare" ./testdata/accuracy/compare

# osv-scanner's offline layout, of the very files that Layergate's index is of.
export OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY=$work/db
rm -rf "$work/db"
sources=()
for folder in "$shared"/data/osv/*/; do
  name=$(basename "$folder")
  mkdir -p "$work/db/osv-scalibr/$name"
  ln -s "$folder/all.zip" "$work/db/osv-scalibr/$name/all.zip"
  sources+=("osv/$name")
done
(IFS=, && "$work/layergate" db build --quiet --from "$shared/data" --sources "${sources[*]}" -o "$work/index.db" >"$work/index.txt")

images=$work/images
mkdir -p "$images"
skopeo copy --quiet --insecure-policy oci-archive:testdata/images/shop.tar "docker-archive:$images/shop.tar.part:shop:1"
mv "$images/shop.tar.part" "$images/shop.tar"
for rootfs in "$shared"/data/rootfs/*.tar.gz; do
  name=$(basename "$rootfs" -x86_64.tar.gz)
  go run github.com/google/go-containerregistry/cmd/crane append --new_layer "$rootfs" --new_tag "$name" --output "$images/$name.tar" 2>/dev/null
done
for distro in debian alpine; do
  go run ./testdata/accuracy/feeds "$shared/data/osv" $distro "$work/feeds.rootfs.tar"
  go run github.com/google/go-containerregistry/cmd/crane append --new_layer "$work/feeds.rootfs.tar" --new_tag feeds:$distro --output "$images/feeds-$distro.tar" 2>/dev/null
done
rm "$work/feeds.rootfs.tar"
if [[ ! -s $images/debian-11.tar ]] && ((EUID == 0)) && command -v mmdebstrap >/dev/null; then
  # As published, without its security updates: from the mirror that this
  # machine's apt uses.
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian$' || echo http://deb.debian.org/debian)
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,curl,git,openssl,perl,python3 \
    bullseye "$work/debian-11.rootfs.tar" "deb $mirror bullseye main"
  go run github.com/google/go-containerregistry/cmd/crane append --new_layer "$work/debian-11.rootfs.tar" --new_tag debian:11 --output "$images/debian-11.tar" 2>/dev/null
  rm "$work/debian-11.rootfs.tar"
fi
if [[ -s $bench/big.tar ]]; then ln -sf "$bench/big.tar" "$images/bench.tar"; fi

status=0
for image in "$images"/*.tar; do
  name=$(basename "$image" .tar)
  rm -f "$work/$name".{layergate,osv-scanner}.json
  # Both have exit codes for findings; what failed has written no result, which
  # compare then misses.
  "$work/layergate" scan "$image" --quiet --db "$work/index.db" -o "json=$work/$name.layergate.json" || true
  "$scanner" scan image --offline --all-vulns --all-packages --verbosity error --archive \
    --format json --output-file "$work/$name.osv-scanner.json" "$image" || true
  "$work/compare" -reasons testdata/accuracy/reasons.tsv "$name" "$work/$name.layergate.json" "$work/$name.osv-scanner.json" || status=1
  echo
done
exit $status
