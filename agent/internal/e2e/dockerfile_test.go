package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

// nastyDockerfile has each instruction of the image between « and ». One that
// makes a file gives it a name with mark-, which stands in its lines.
const nastyDockerfile = `# escape=\

ARG STAGE=unused

FROM BASE AS unused
USER root
RUN : > /mark-unused

FROM BASE AS first
«USER root»
«MAINTAINER Some One <one@example.com>»
# a comment
«RUN : two   spaces && \
    # a comment in between
    : > /mark-continued \

    && : 'a   b' \
   # another
    && :»

FROM first AS second
«ARG VERSION=1.2»
«ENV A=b C="d e" \
    F=$VERSION»
«ENV OLD value with spaces»
«LABEL z=y "a a"="w w" \
      v=${VERSION:-none}»
«WORKDIR /srv»
«WORKDIR app»
«copy mark-one mark-two /dest/»
«COPY ["mark-one", "/with space/"]»
«COPY --chown=1:1 mark-$VERSION ./»
«ADD mark-folder /added»
«ADD mark-archive.tar /unpacked/»
«COPY --from=unused /mark-unused /»
«RUN ["/bin/sh", "-c", ": >   /mark-json"]»
«RUN echo same $VERSION >> /mark-same»
«RUN echo same $VERSION >> /mark-same»
«SHELL ["/bin/sh", "-e", "-c"]»
«RUN : "a \\" > /mark-shell»
«EXPOSE 80 443/tcp 53/udp»
«VOLUME ["/d1", "/d2"]»
«USER shop»
«HEALTHCHECK --interval=5s CMD test -f /mark-json || exit 1»
«STOPSIGNAL SIGTERM»
«ONBUILD RUN : > /mark-later»
«ENTRYPOINT exec top -b»
«CMD ["a", "b c"]»
# the end`

// fromWindows makes it a file that an editor on Windows may write.
var fromWindows = strings.NewReplacer("# escape=\\", "\ufeff# escape=`", " \\\n", " `\r\n", "\n", "\r\n", `\\`, "``")

// TestDockerfile builds one Dockerfile with every builder that there is, and
// scans the images with it: each instruction is found at its lines, and what a
// layer has is made there.
func TestDockerfile(t *testing.T) {
	need(t, "docker", "skopeo", "buildah", "podman")
	archive := "oci-archive:" + shop(t)
	docker := dockerLoad(t, archive, "shop")
	below := len(scan(t, shop(t)).Layers)
	context := t.TempDir()
	for _, name := range []string{"mark-one", "mark-two", "mark-1.2", "mark-folder/mark-folder", "mark-archive"} {
		write(t, filepath.Join(context, name), name)
	}
	run(t, "tar", "--create", "--file", filepath.Join(context, "mark-archive.tar"), "--directory", context, "mark-archive")

	for _, test := range []struct {
		name, base string
		windows    bool
		merged     bool // the last layer has the files of all instructions since the first COPY
		build      func(t *testing.T, file, archive string)
	}{
		{name: "docker", base: docker, build: dockerArchive(context)},
		{name: "docker from Windows", base: docker, build: dockerArchive(context), windows: true},
		{name: "buildah", base: archive, build: buildahArchive(context, "buildah", "--layers=false"), merged: true},
		{name: "podman from Windows", base: archive, build: buildahArchive(context, "podman"), windows: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, want := unmarked(strings.ReplaceAll(nastyDockerfile, "BASE", test.base))
			if test.windows {
				text = fromWindows.Replace(text)
			}
			if test.merged {
				want[len(want)-1].Line = 1 + strings.Count(text[:strings.Index(text, "copy mark-one")], "\n")
			}
			file, image := filepath.Join(t.TempDir(), "Dockerfile"), filepath.Join(t.TempDir(), "image.tar")
			write(t, file, text)
			test.build(t, file, image)
			layers := scan(t, image, "--dockerfile", file).Layers
			samePlaces(t, append(make([]result.Place, below), want...), layers)
			sameMarks(t, image, strings.Split(text, "\n"), layers[below:])
		})
	}
}

// dockerArchive builds an image with docker's classic builder and saves it.
func dockerArchive(context string) func(t *testing.T, file, archive string) {
	return func(t *testing.T, file, archive string) {
		image := imageName(t, "nasty")
		run(t, "docker", "build", "--no-cache", "--network", "none", "--force-rm", "--tag", image, "--file", file, context)
		run(t, "docker", "save", "--output", archive, image)
	}
}

// buildahArchive does so with buildah, or with podman, which has it inside.
func buildahArchive(context, tool string, flags ...string) func(t *testing.T, file, archive string) {
	return func(t *testing.T, file, archive string) {
		dir, err := os.MkdirTemp("", "") // podman takes no long names
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = exec.Command("umount", dir+"/root/overlay").Run() // of the driver overlay, if it is that
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
		storage := []string{"--root", dir + "/root", "--runroot", dir + "/run"}
		build := append(append(storage, "build", "--format", "docker", "--network", "host", "--tag", "nasty", "--file", file), flags...)
		run(t, tool, append(build, context)...)
		run(t, tool, append(storage, "push", "nasty", "docker-archive:"+archive)...)
	}
}

// unmarked takes the « and » out of a Dockerfile and counts the lines between
// them.
func unmarked(marked string) (text string, places []result.Place) {
	for i, part := range strings.Split(marked, "«") {
		instruction, rest, found := strings.Cut(part, "»")
		if i > 0 && found {
			first := 1 + strings.Count(text, "\n")
			places = append(places, result.Place{Line: first, EndLine: first + strings.Count(instruction, "\n")})
		}
		text += instruction + rest
	}
	return text, places
}

// samePlaces compares the lines of layers; those of the base image have none.
func samePlaces(t *testing.T, want []result.Place, layers []result.Layer) {
	t.Helper()
	type line struct {
		Place       result.Place
		Instruction string
	}
	var wanted, got []line
	for _, p := range want {
		wanted = append(wanted, line{Place: p})
	}
	for i, l := range layers {
		if i < len(wanted) {
			wanted[i].Instruction = l.Instruction
		}
		at := line{Instruction: l.Instruction}
		if l.Dockerfile != nil {
			at.Place = result.Place{Line: l.Dockerfile.Line, EndLine: l.Dockerfile.EndLine}
		}
		got = append(got, at)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("lines (-counted +found):\n%s", diff)
	}
}

// sameMarks looks into the layers of an archive: the name of every file with a
// mark must stand in the lines that its layer has. That is the truth, whatever
// the history says.
func sameMarks(t *testing.T, archive string, text []string, layers []result.Layer) {
	t.Helper()
	marks, seen := marksOf(t, archive), 0
	for _, l := range layers {
		if l.Empty || l.Dockerfile == nil {
			continue
		}
		lines := strings.ReplaceAll(strings.Join(text[l.Dockerfile.Line-1:l.Dockerfile.EndLine], "\n"), "$VERSION", "1.2")
		for _, mark := range marks[l.DiffID] {
			seen++
			if !strings.Contains(lines, mark) {
				t.Errorf("%s is in the layer of lines %d to %d, which do not make it:\n%s", mark, l.Dockerfile.Line, l.Dockerfile.EndLine, lines)
			}
		}
	}
	if seen < 11 {
		t.Errorf("only %d marks are in the layers of the Dockerfile", seen)
	}
}

// marksOf lists the files with a mark, by their layer's diff ID.
func marksOf(t *testing.T, archive string) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	run(t, "tar", "--extract", "--file", archive, "--directory", dir)
	var manifest []struct {
		Config string
		Layers []string
	}
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	readJSON(t, filepath.Join(dir, manifest[0].Config), &config)
	marks := map[string][]string{}
	for i, layer := range manifest[0].Layers {
		for file := range strings.Lines(run(t, "tar", "--list", "--verbose", "--file", filepath.Join(dir, layer))) {
			fields := strings.Fields(file)
			if name := path.Base(fields[len(fields)-1]); file[0] == '-' && strings.HasPrefix(name, "mark-") {
				marks[config.RootFS.DiffIDs[i]] = append(marks[config.RootFS.DiffIDs[i]], name)
			}
		}
	}
	return marks
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
