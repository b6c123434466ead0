#!/usr/bin/env bash
# Times bin/layergate on the benchmark's image (build.sh builds it when it is
# not there) and on the small one, beside the least that anyone must do with
# the same bytes (limits) and beside trivy and syft where they are on the PATH.
# Every file is read once before, so that the page cache is warm for all.
set -euo pipefail
cd "$(dirname "$0")/../.."
images=${LAYERGATE_BENCH:-/tmp/layergate-bench}
rounds=${ROUNDS:-5}

LAYERGATE_BENCH=$images testdata/bench/build.sh
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
CGO_ENABLED=0 go build -o "$tools" ./testdata/bench/limits ./testdata/bench/measure
save=$images/big.tar oci=$images/big-oci.tar small=testdata/images/shop.tar
cat "$save" "$oci" "$small" >/dev/null

row() { printf '%s\t%s\texec %s\n' "$1" "$2" "$3"; }
measure() { printf '\n%s\n' "$1"; "$tools/measure" -rounds "$2"; }

measure "docker save, uncompressed: $(du -h --apparent-size "$save" | cut -f1)" "$rounds" < <(
  row "walk headers" - "$tools/limits walk $save"
  row "hash layers" - "$tools/limits hash $save"
  row layergate "walk headers" "bin/layergate scan $save -o json=/dev/null"
  row "layergate --verify" "hash layers" "bin/layergate scan $save --verify -o json=/dev/null"
)
measure "OCI archive, gzip: $(du -h --apparent-size "$oci" | cut -f1)" "$rounds" < <(
  row "inflate" - "$tools/limits inflate $oci"
  row "inflate and verify" - "$tools/limits verify $oci"
  row layergate inflate "bin/layergate scan $oci -o json=/dev/null"
)
measure "the README's image: $(du -h --apparent-size "$small" | cut -f1)" "$rounds" < <(
  row layergate - "bin/layergate scan $small -o json=/dev/null"
)

# Peers list packages only, as no two of them use the same advisories; a new
# cache folder makes trivy read the image instead of remembering it.
peers() {
  row layergate - "bin/layergate scan $save -o json=/dev/null"
  if command -v trivy >/dev/null; then
    trivy="trivy --quiet --cache-dir $tools/trivy image --input $save --format cyclonedx --output /dev/null"
    printf 'trivy, cold\tlayergate\trm -rf %s/trivy; exec %s\n' "$tools" "$trivy"
    row "trivy, cached" layergate "$trivy"
  fi
  if command -v syft >/dev/null; then
    row syft layergate "syft --quiet docker-archive:$save -o json=/dev/null"
  fi
}
if command -v trivy syft >/dev/null; then
  measure "peers, on the docker-save archive" 2 < <(peers)
else
  printf '\nneither trivy nor syft is on the PATH: no peers to compare with\n'
fi
