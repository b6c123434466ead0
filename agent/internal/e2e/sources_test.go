package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestEverySourceGivesTheSame scans one image through everything that it can
// be stored in: findings, packages, layers and verdict are the same. A root
// file system has lost its layers, and only those.
func TestEverySourceGivesTheSame(t *testing.T) {
	need(t, "docker", "skopeo", "buildah", "podman", "docker-registry", "zstd")
	dir := t.TempDir()
	want := scan(t, shop(t))
	if want.Verdict.ExitCode != 2 {
		t.Errorf("the default policy lets %s pass: %+v", shop(t), want.Verdict)
	}

	image := dockerLoad(t, "oci-archive:"+shop(t), "shop")
	server := registry(t)
	copyTo := func(to string, flags ...string) {
		t.Helper()
		run(t, "skopeo", append(append([]string{"copy", "--insecure-policy", "--dest-tls-verify=false"}, flags...),
			"docker-daemon:"+image, to)...)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	run(t, "docker", "save", "--output", in("save.tar"), image)
	copyTo("docker-archive:" + in("skopeo.tar") + ":" + image)
	copyTo("oci-archive:" + in("oci.tar") + ":latest")
	copyTo("oci:" + in("layout") + ":latest")
	copyTo("oci:"+in("zstd")+":latest", "--dest-compress-format", "zstd")
	copyTo("docker://"+server+"/shop:1", "--format", "oci")
	copyTo("docker://"+server+"/shop:2", "--format", "v2s2")
	copyTo("docker://"+server+"/shop:3", "--format", "oci", "--dest-compress-format", "zstd")
	run(t, "tar", "--create", "--file", in("zstd.tar"), "--directory", in("zstd"), ".")
	run(t, "gzip", "--keep", "--fast", in("save.tar"))

	for _, source := range []string{
		in("save.tar"), "docker-archive:" + in("save.tar"), in("skopeo.tar"), in("save.tar.gz"),
		in("oci.tar"), "oci-archive:" + in("oci.tar"), in("zstd.tar"),
		in("layout"), "oci:" + in("layout"), in("zstd"),
		image, "docker:" + image,
		"registry:" + server + "/shop:1", server + "/shop:2", "registry:" + server + "/shop:3",
	} {
		name := strings.NewReplacer(dir+"/", "", server, "SERVER", image, "IMAGE").Replace(source)
		t.Run(name, func(t *testing.T) {
			var flags []string
			if strings.Contains(source, server) {
				flags = []string{"--insecure", server}
			}
			got := scan(t, source, flags...)
			sameFindings(t, want, got)
			if strings.Contains(source, ":") {
				return // the same bytes as without the prefix, or no file
			}
			sameFindings(t, want, scan(t, source, "--verify"))
		})
	}
	t.Run("rootfs", func(t *testing.T) {
		root := export(t, image)
		sameButLayers(t, want, scan(t, root))
		sameButLayers(t, want, scan(t, "rootfs:"+root))
	})
}

// TestPlatforms scans an index of two platforms, each with its own packages,
// in a layout and in a registry.
func TestPlatforms(t *testing.T) {
	need(t, "buildah", "docker-registry")
	dir := t.TempDir()
	storage := []string{"--root", filepath.Join(dir, "storage"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}
	buildah := func(args ...string) string { return run(t, "buildah", append(storage, args...)...) }
	buildah("manifest", "create", "both")
	for arch, version := range map[string]string{"amd64": "4.17.20", "arm64": "4.17.21"} {
		context := filepath.Join(dir, arch)
		root := filepath.Join(context, "root")
		write(t, filepath.Join(root, "etc/os-release"), "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n")
		write(t, filepath.Join(root, "var/lib/dpkg/status"), "Package: tar\nStatus: install ok installed\nArchitecture: "+arch+"\nVersion: 1.34\n\n")
		write(t, filepath.Join(root, "app/node_modules/lodash/package.json"), `{"name": "lodash", "version": "`+version+`"}`)
		write(t, filepath.Join(context, "Dockerfile"), "FROM scratch\nCOPY root /\n")
		buildah("build", "--platform", "linux/"+arch, "--manifest", "both", context)
	}
	server := registry(t)
	layout := filepath.Join(dir, "layout")
	buildah("manifest", "push", "--all", "--tls-verify=false", "both", "docker://"+server+"/both:1")
	buildah("manifest", "push", "--all", "both", "oci:"+layout)

	for _, source := range []string{"registry:" + server + "/both:1", layout} {
		for arch, version := range map[string]string{"amd64": "4.17.20", "arm64": "4.17.21"} {
			got := scan(t, source, "--platform", "linux/"+arch, "--insecure", server)
			sameList(t, source+" "+arch, []string{"lodash " + version}, installed(got, "npm"))
			sameList(t, source+" "+arch, []string{"tar 1.34 " + arch}, installed(got, "deb"))
			if got.Image.Platform.Architecture != arch {
				t.Errorf("%s: platform %v, asked for %s", source, got.Image.Platform, arch)
			}
		}
	}
}
