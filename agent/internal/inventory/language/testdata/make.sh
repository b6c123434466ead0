#!/bin/bash
# Makes the fixtures that come from real installations, with the installer's
# own listing as the truth. Needs npm, python3 with pip, ruby, composer, cargo
# with cargo-auditable, mvn, and the public registries. Rerun it to renew
# them; the tests need none of it.
#
# A fixture holds the files as they were installed (core metadata cut after
# its first lines) and "truth": what the tool lists, one "name version" a line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

add() { # ARCHIVE NAME < content
	echo "-- $2 --" >>"$1"
	sed -e '$a\' >>"$1"
}

npm_fixture() {
	mkdir npm && cd npm
	echo '{"name":"shop","version":"1.0.0"}' >package.json
	npm install --no-audit --no-fund --ignore-scripts lodash@4.17.11 minimist@1.2.0 resolve@1.22.0 @babel/code-frame@7.12.11 2>/dev/null >&2
	out=$here/npm.txtar
	echo "npm install lodash@4.17.11 minimist@1.2.0 resolve@1.22.0 @babel/code-frame@7.12.11; truth: npm ls --all --parseable --long" >"$out"
	find . -name package.json | LC_ALL=C sort | while read -r f; do add "$out" "srv/shop/${f#./}" <"$f"; done
	npm ls --all --parseable --long 2>/dev/null | tail -n +2 | cut -d: -f2 | sed 's/\(.\)@/\1 /' | LC_ALL=C sort | add "$out" truth
	cd ..
}

python_fixture() {
	pip install -q --target python requests==2.19.1 PyYAML==5.1 Jinja2==2.10 zope.interface==5.0.0 setuptools==65.0.0 2>/dev/null
	out=$here/python.txtar
	echo "pip install --target; truth: pip list --path (names as in METADATA). The egg forms are setuptools'." >"$out"
	for f in python/*.dist-info/METADATA; do head -12 "$f" | grep -v '^License-File' | add "$out" "usr/lib/python3.11/site-packages/${f#python/}"; done
	mkdir egg && cd egg
	echo "from setuptools import setup; setup(name='shop.Core_lib', version='1.4.2')" >setup.py
	PYTHONPATH=../python python3 setup.py -q install_egg_info -d info 2>/dev/null
	add "$out" "opt/eggs/shop.Core_lib-1.4.2-py3.11.egg-info/PKG-INFO" <info/*.egg-info/PKG-INFO
	add "$out" "opt/eggs/shop.Core_lib-1.4.2-py3.11.egg/EGG-INFO/PKG-INFO" <info/*.egg-info/PKG-INFO
	add "$out" "opt/distutils/shop.Core_lib-1.4.2.egg-info" <info/*.egg-info/PKG-INFO
	cd ..
	{
		pip list --path python --format=freeze 2>/dev/null | tr = ' ' | tr -s ' '
		for _ in 1 2 3; do echo "shop.Core-lib 1.4.2"; done
	} | LC_ALL=C sort | add "$out" truth
}

gem_fixture() {
	out=$here/gem.txtar
	echo "The gems of Debian's ruby; truth: gem list" >"$out"
	dir=$(gem environment gemdir default 2>/dev/null | head -1)
	dir=/usr/lib/ruby/gems/3.1.0
	for name in rexml-3.3.9 debug-1.6.3 default/openssl-3.0.1 default/net-http-0.3.0.1; do
		add "$out" "${dir#/}/specifications/$name.gemspec" <"$dir/specifications/$name.gemspec"
	done
	gem list '^(rexml|debug|openssl|net-http)$' | sed 's/ (\(default: \)\?\([0-9.]*\))/ \2/' | LC_ALL=C sort | add "$out" truth
}

composer_fixture() {
	mkdir php && cd php
	python3 - <<'PY'
import json, os
packages = [("monolog/monolog", "1.11.0"), ("psr/log", "1.0.0"), ("symfony/http-foundation", "v5.3.6"), ("twig/twig", "v1.35.0")]
repositories = []
for name, version in packages:
    os.makedirs("src/" + name)
    json.dump({"name": name, "version": version, "type": "library"}, open(f"src/{name}/composer.json", "w"))
    repositories.append({"type": "path", "url": "src/" + name, "options": {"symlink": False}})
dev = packages.pop()
json.dump({"name": "shop/app", "repositories": repositories + [{"packagist.org": False}],
           "require": {n: v.lstrip("v") for n, v in packages}, "require-dev": {dev[0]: "*"}}, open("composer.json", "w"))
PY
	COMPOSER_ALLOW_SUPERUSER=1 composer install --no-dev -q
	out=$here/composer.txtar
	echo "composer install --no-dev, of path repositories named like real packages; truth: composer show --no-dev" >"$out"
	add "$out" var/www/html/vendor/composer/installed.json <vendor/composer/installed.json
	COMPOSER_ALLOW_SUPERUSER=1 composer show --no-dev | sed 's/  */ /; s/ *$//' | LC_ALL=C sort | add "$out" truth
	cd ..
}

rust_fixture() {
	cargo init -q --name shop rust && cd rust
	cargo add -q time@0.1.43 smallvec@=1.6.0 && cargo add -q --build cc@1.0.83
	echo 'fn main() { let v: smallvec::SmallVec<[u8; 4]> = smallvec::smallvec![1]; println!("{:?} {:?}", time::now().to_timespec().sec, v); }' >src/main.rs
	cargo auditable build -q --release
	objcopy -O binary --only-section=.dep-v0 --set-section-flags .dep-v0=alloc target/release/shop "$here/shop.dep-v0"
	cargo tree --prefix none --edges normal | sed 's/ v/ /; s/ (.*//' | LC_ALL=C sort -u >"$here/shop.crates"
	cd ..
}

java_fixture() { # what identifies the jars in central.txt, as they are on Maven Central
	mkdir java && cd java
	python3 - "$here/central.txt" >pom.xml <<'PY'
import sys
print("<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies>")
for line in open(sys.argv[1]):
    g, a, v = line.strip().split(":")
    print(f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>")
print("</dependencies></project>")
PY
	mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars -Dmdep.useRepositoryLayout=true >&2
	python3 - "$here/central.txtar" <<'PY'
import glob, re, sys, zipfile
keys = "Artifact-Id Automatic-Module-Name Bundle-SymbolicName Bundle-Version Extension-Name Group-Id Implementation-Title Implementation-Vendor-Id Implementation-Version Plugin-Version Specification-Version".split()
with open(sys.argv[1], "w") as out:
    out.write("The headers and pom.properties of jars on Maven Central that tell what they are. The truth is a jar's path in the repository.\n")
    for jar in sorted(glob.glob("jars/**/*.jar", recursive=True)):
        z = zipfile.ZipFile(jar)
        for name in sorted(z.namelist()):
            text = z.read(name).decode("utf-8", "replace") if name.endswith(("pom.properties", "META-INF/MANIFEST.MF")) else None
            if text is None or not name.startswith("META-INF/"):
                continue
            text = text.replace("\r\n", "\n")
            if name.endswith("MF"):
                lines = text.split("\n\n")[0].replace("\n ", "").split("\n")
                text = "".join(f"{l}\n" for l in lines if l.split(":")[0] in keys)
            else:
                text = "".join(f"{l}\n" for l in text.split("\n") if re.match("(groupId|artifactId|version)=", l))
            out.write(f"-- {jar[5:]}!/{name} --\n{text}")
PY
	cd ..
}

for kind in "${@:-npm python gem composer rust java}"; do for k in $kind; do ${k}_fixture; done; done
