#!/usr/bin/env bash
# Builds the agent's container image out of the programme and Debian's packages:
#
#   agent/image.sh NAME [BINARY]      BINARY is bin/layergate; its GOARCH is the image's
#
# Beside BINARY it writes image.tar (for docker load, or skopeo copy docker-archive:…)
# and the image's SBOM, image.cdx.json. A docker daemon that answers gets the image too.
# The same BINARY, packages and buildah give the same image, byte for byte. It needs no root.
#
#   SUITE              Debian's release (bookworm)
#   MIRROR             the URL of its packages (this machine's mirror)
#   SECURITY_MIRROR    the URL of its security updates ($MIRROR-security)
#   SOURCE_DATE_EPOCH  the time of all files (that of BINARY's commit)
set -euo pipefail
export LC_ALL=C
umask 022
suite=${SUITE:-bookworm}
packages=(base-files busybox-static ca-certificates)
keys=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
  echo "agent/image.sh: $1" >&2
  exit 1
}

name=${1:?usage: agent/image.sh NAME [BINARY]}
binary=${2:+$(realpath -m "$2")}
cd "$(dirname "$0")/.."
binary=${binary:-$PWD/bin/layergate}
[[ -x $binary ]] || fail "there is no programme $binary: make build"
for tool in apt-get:apt dpkg-deb:dpkg buildah:buildah go:golang; do
  command -v "${tool%:*}" >/dev/null || fail "needs ${tool%:*}: apt-get install ${tool#*:}"
done
[[ -e $keys ]] || fail "needs Debian's keys: apt-get install debian-archive-keyring"

# What the binary says of itself: build KEY prints its setting.
about=$(go version -m "$binary")
build() { awk -v key="$1" 'index($2, key "=") == 1 {print substr($2, length(key) + 2)}' <<<"$about"; }
arch=$(build GOARCH)
revision=$(build vcs.revision)
version=$(awk '$1 == "mod" {print $3}' <<<"$about")
committed=$(build vcs.time)
epoch=${SOURCE_DATE_EPOCH:-$(date --date="${committed:-1970-01-01T00:00:00Z}" +%s)}

dir=$(mktemp -d)
clean() { # what buildah made for another user than root belongs to yet others
  if ((EUID == 0)); then rm -rf "$dir"; else buildah unshare rm -rf "$dir"; fi
}
trap clean EXIT
context=$dir/context
mkdir -p "$context"/{debian,layergate}

# download gets the packages, checked by apt with Debian's keys, whatever this
# machine's own release and architecture are.
download() {
  local mirror security
  # shellcheck disable=SC2016 # $(SITE) is apt's
  mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/*$')} ||
    fail "this machine has no mirror of Debian in its apt sources: set MIRROR"
  security=${SECURITY_MIRROR:-${mirror%/}-security}
  mkdir -p "$dir"/apt/{state/lists/partial,cache/archives/partial} "$dir/debs"
  : >"$dir/apt/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$mirror" "$suite" "$keys" "$security" "$suite-security" >"$dir/apt/sources"
  local apt=(apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o APT::Sandbox::User=root
    -o "Dir::State=$dir/apt/state" -o "Dir::State::status=$dir/apt/status" -o "Dir::Cache=$dir/apt/cache"
    -o "Dir::Etc::sourcelist=$dir/apt/sources" -o Dir::Etc::sourceparts=-
    -o APT::Update::Error-Mode=any) # or the image would be without security updates where their mirror fails
  if ! { "${apt[@]}" update && cd "$dir/debs" && "${apt[@]}" download "${packages[@]}"; }; then
    fail "downloading ${packages[*]} of $suite for $arch from $mirror and $security failed"
  fi
  cd - >/dev/null
}

# unpack lays the packages on each other. Each one's control data and checksums
# are kept where scanners look for them in images without dpkg.
unpack() {
  local root=$context/debian deb package
  local status=$root/var/lib/dpkg/status.d
  for deb in "$dir"/debs/*.deb; do
    package=$(dpkg-deb --field "$deb" Package)
    # Everything is root's in the image; its owner here would only change the digest.
    dpkg-deb --fsys-tarfile "$deb" | tar --extract --no-same-owner --preserve-permissions --directory "$root"
    mkdir -p "$status"
    dpkg-deb --field "$deb" >"$status/$package"
    dpkg-deb --info "$deb" md5sums >"$status/$package.md5sums"
  done
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  # Documentation, as Debian's slim images leave it out (all copyrights stay), and
  # what is only for installing.
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  rm -r "$root"/usr/share/{base-files,ca-certificates,info,initramfs-tools,lintian,man} "$root/usr/sbin/update-ca-certificates"
  find "$root/usr/share/doc" "$root/etc/ca-certificates" -type d -empty -delete
  # What pipelines start by itself, without a shell, and what a script may name by
  # its path. The shell has all of busybox's programmes without that.
  for program in sh cat env grep sleep tail; do ln -s busybox "$root/bin/$program"; done
}

add_programme() {
  local root=$context/layergate
  mkdir -p "$root"/{etc,usr/bin,usr/share/doc/layergate}
  install -m 755 "$binary" "$root/usr/bin/layergate"
  install -m 755 agent/image/{entrypoint,nohup} "$root/usr/bin/"
  install -m 644 LICENSE NOTICE "$root/usr/share/doc/layergate/"
  install -m 644 agent/image/{passwd,group} "$root/etc/"
  # Writable whoever it is that a pipeline runs it as.
  install -d -m 1777 "$root/work" "$root/home/layergate"
}

# label KEY VALUE labels the image, with one of OCI's own keys.
labels=()
label() { if [[ -n $2 ]]; then labels+=(--label "org.opencontainers.image.$1=$2"); fi; }
label title layergate
label description "a gate for container images in pipelines"
label source https://github.com/layergate/layergate
label version "${version//[()]/}"
label revision "$revision"
label licenses "Apache-2.0 AND GPL-2.0-only AND GPL-2.0-or-later AND MPL-2.0"

# bake makes the image, in a store of its own that nobody else sees.
bake() {
  local store=(--root "$dir/store" --runroot "$dir/run" --storage-driver vfs)
  BUILDAH_ISOLATION=chroot buildah "${store[@]}" build --quiet --layers --timestamp "$epoch" --identity-label=false \
    --os linux --arch "$arch" "${labels[@]}" --file agent/Dockerfile --iidfile "$dir/id" "$context" >/dev/null
  rm -f "$out/image.tar"
  buildah "${store[@]}" push --quiet "$(<"$dir/id")" "docker-archive:$out/image.tar:$name"
}

# bill writes the SBOM, as layergate itself sees the image; what it cannot read
# completely is not an image to give to others.
bill() {
  local scanner=$binary
  if [[ $arch != "$(go env GOHOSTARCH)" ]]; then
    scanner=$dir/layergate
    CGO_ENABLED=0 go build -o "$scanner" ./agent/cmd/layergate
  fi
  # The SBOM names the archive as it is named here: without the folder.
  (cd "$out" && SOURCE_DATE_EPOCH=$epoch "$scanner" scan image.tar --quiet --no-gate -o cyclonedx=image.cdx.json) ||
    fail "layergate cannot read $out/image.tar completely, or its index does not cover $suite: bin/layergate scan $out/image.tar"
}

out=$(dirname "$binary")
download
unpack
add_programme
bake
bill
if docker version &>/dev/null; then docker load --quiet --input "$out/image.tar"; fi
echo "$out/image.tar is $name for $arch, $(<"$dir/id")"
