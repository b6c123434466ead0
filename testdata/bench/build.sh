#!/usr/bin/env bash
# Builds the benchmark's image with a real docker daemon and saves it twice:
#   big.tar      docker save, uncompressed layers
#   big-oci.tar  the same image as an OCI archive, gzip layers
# Both stay in $LAYERGATE_BENCH (default /tmp/layergate-bench); an existing
# pair is kept. Needs root, docker, skopeo, mmdebstrap and Debian's, PyPI's and
# npm's registries. Some 15 minutes, 8 GB of disk.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${LAYERGATE_BENCH:-/tmp/layergate-bench}
if [[ -s $out/big.tar && -s $out/big-oci.tar ]]; then
  echo "benchmark image: $out/big.tar and $out/big-oci.tar are there already"
  exit 0
fi
for tool in docker skopeo mmdebstrap; do
  command -v $tool >/dev/null || { echo "benchmark image: $tool is missing; run make install-deps" >&2; exit 1; }
done
mkdir -p "$out/context"
if [[ ! -s $out/context/base.tar ]]; then
  # From the mirrors that this machine's apt uses.
  mapfile -t sources < <(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -E ' bookworm(-updates|-security)? main$')
  mmdebstrap --format=tar --variant=minbase bookworm "$out/context/base.tar.part" "${sources[@]}"
  mv "$out/context/base.tar.part" "$out/context/base.tar"
fi
cp /etc/ssl/certs/ca-certificates.crt "$out/context/host-ca.pem"
cp -r "$here/Dockerfile" "$here/app" "$out/context/"
DOCKER_BUILDKIT=0 docker build --network host -t layergate-bench:big "$out/context"
docker save -o "$out/big.tar.part" layergate-bench:big
mv "$out/big.tar.part" "$out/big.tar"
rm -f "$out/big-oci.tar"
skopeo copy --insecure-policy "docker-archive:$out/big.tar" "oci-archive:$out/big-oci.tar:big"
ls -l "$out"/big*.tar
