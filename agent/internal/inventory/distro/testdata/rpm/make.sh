#!/bin/sh
# Makes the rpm databases of this folder, and from rpm's own answers what is in
# them: make.sh OUT. Needs rpm and rpmbuild (apt: rpm); for Berkeley DB, which
# rpm only reads since 4.17, db5.3_load (apt: db5.3-util) and sqlite3, too: it
# loads the headers out of the SQLite database.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rpmbuild -bb --quiet --define "_topdir $work/build" --define "docs ${DOCS:-40}" \
	--define "source_date_epoch_from_changelog 0" --define "_buildhost fixture" "$here/fixture.spec" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

root=$work/root
mkdir -p "$root"
db() { rpm --root "$root" --define "_db_backend sqlite" --define "_dbpath /var/lib/rpm" "$@" 2>>"$work/log"; }
db --initdb
db -i --nodeps --noscripts --force-debian "$work"/build/RPMS/noarch/*.rpm || { cat "$work/log"; exit 1; }
db -e --nodeps --force-debian removed
cp "$root/var/lib/rpm/rpmdb.sqlite" "$out"

# The truth, in rpm's words.
db -qa --qf '%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{MODULARITYLABEL}\n' | LC_ALL=C sort >"$out/packages.tsv"
db -qa --qf '[%{=NAME}\t%{FILENAMES}\n]' | LC_ALL=C sort >"$out/files.tsv"

if command -v db5.3_load >/dev/null && command -v sqlite3 >/dev/null; then
	{
		printf 'VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n 00000000\n 10000000\n'
		# Keys are the numbers of the packages, little endian as on x86.
		sqlite3 "$out/rpmdb.sqlite" 'SELECT printf(" %02x%02x0000", hnum % 256, hnum / 256) || char(10) || " " || lower(hex(blob)) FROM Packages ORDER BY hnum'
		echo DATA=END
	} >"$work/dump"
	rm -f "$out/Packages"
	db5.3_load -f "$work/dump" "$out/Packages"
fi
