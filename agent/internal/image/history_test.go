package image_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
)

// The created_by of these are as their builders write them.
func TestInstruction(t *testing.T) {
	for _, tt := range []struct{ builder, createdBy, want string }{
		{"docker", `/bin/sh -c #(nop)  CMD ["bash"]`, `CMD ["bash"]`},
		{"docker", `/bin/sh -c #(nop) ADD file:e7f406 in / `, `ADD file:e7f406 in /`},
		{"docker", `/bin/sh -c #(nop) COPY dir:03b4cf in /app `, `COPY dir:03b4cf in /app`},
		{"docker", "/bin/sh -c apt-get update \t&& apt-get install -y curl", `RUN apt-get update && apt-get install -y curl`},
		{"docker", `|2 A=b TOKEN=x y /bin/sh -c make`, `RUN make`},
		{"docker", `/bin/bash -o pipefail -c curl x | tar x`, `RUN curl x | tar x`},
		{"docker", `/bin/sh -c #(nop) COPY dir:03b4cf6d0ec5f4a0a0b9b7d4c3e2f1a00112233445566778899aabbccddeeff0 in /app `, `COPY dir in /app`},
		{"docker", `/bin/sh -c #(nop) COPY --chown=1:1file:03b4cf6d0ec5f4a0a0b9b7d4c3e2f1a00112233445566778899aabbccddeeff0 in ./ `, `COPY --chown=1:1 file in ./`},
		{"docker", `|1 VERSION=1.2 /bin/busybox echo x`, `RUN /bin/busybox echo x`},
		{"docker", `|2 A=b /bin/busybox`, `|2 A=b /bin/busybox`},
		{"docker", `|9 A=b`, `|9 A=b`},
		{"BuildKit", `RUN |2 A=b C=d make all # buildkit`, `RUN make all`},
		{"docker on Windows", `cmd /S /C #(nop) COPY dir:1 in C:\app `, `COPY dir:1 in C:\app`},
		{"BuildKit", `RUN /bin/sh -c apt-get update # buildkit`, `RUN apt-get update`},
		{"BuildKit", `RUN |1 VERSION=1.2 /bin/sh -c ./build $VERSION # buildkit`, `RUN ./build $VERSION`},
		{"BuildKit", `RUN /bin/ash -euxo pipefail -c apk add x # buildkit`, `RUN apk add x`},
		{"BuildKit", `COPY /out /app # buildkit`, `COPY /out /app`},
		{"BuildKit", `ENTRYPOINT ["/app"]`, `ENTRYPOINT ["/app"]`},
		{"BuildKit", `WORKDIR /app`, `WORKDIR /app`},
		{"debuerreotype", `# debian.sh --arch 'amd64' out/ 'bookworm' '@1751241600'`, `# debian.sh --arch 'amd64' out/ 'bookworm' '@1751241600'`},
		{"buildah", `/bin/sh -c #(nop) ENV A=b`, `ENV A=b`},
		{"buildah", `/bin/sh`, `/bin/sh`},
		{"kaniko", `RUN apk add --no-cache x`, `RUN apk add --no-cache x`},
		{"jib", `jib-maven-plugin:3.4.0`, `jib-maven-plugin:3.4.0`},
		{"bazel", `bazel build ...`, `bazel build ...`},
		{"nix", ``, ``},
		{"someone hostile", "RUN /bin/sh -c x\x1b[2J\ny\u009b1m", `RUN x [2J y 1m`},
	} {
		all, notes := image.Layers([]v1.History{{CreatedBy: tt.createdBy}}, []image.Layer{{Size: 7}})
		if len(all) != 1 || notes != nil {
			t.Fatalf("%s: %d layers, notes %q", tt.builder, len(all), notes)
		}
		if got := all[0]; got.Instruction != tt.want || got.CreatedBy != tt.createdBy || got.Size != 7 || got.Empty {
			t.Errorf("%s: %q gave %+v, want %q", tt.builder, tt.createdBy, got, tt.want)
		}
	}
}

func TestLayersKeepsOrderAndPlaces(t *testing.T) {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	history := []v1.History{
		{CreatedBy: "ADD rootfs.tar /", Created: v1.Time{Time: created}},
		{CreatedBy: "ENV A=b", EmptyLayer: true, Comment: "c"},
		{CreatedBy: "COPY a b"},
	}
	got, notes := image.Layers(history, []image.Layer{{DiffID: "sha256:1"}, {DiffID: "sha256:2"}})
	want := []image.Layer{
		{Index: 0, Instruction: "ADD rootfs.tar /", CreatedBy: "ADD rootfs.tar /", Created: created, DiffID: "sha256:1"},
		{Index: 1, Instruction: "ENV A=b", CreatedBy: "ENV A=b", Comment: "c", Empty: true},
		{Index: 2, Instruction: "COPY a b", CreatedBy: "COPY a b", DiffID: "sha256:2"},
	}
	if diff := cmp.Diff(want, got); diff != "" || notes != nil {
		t.Errorf("notes %q, layers (-want +got):\n%s", notes, diff)
	}
}

func TestLayersDoesNotGuess(t *testing.T) {
	layers := []image.Layer{{DiffID: "sha256:1"}, {DiffID: "sha256:2"}}
	want := []image.Layer{{Index: 0, DiffID: "sha256:1"}, {Index: 1, DiffID: "sha256:2"}}
	for name, history := range map[string][]v1.History{
		"no history": nil,
		"too few":    {{CreatedBy: "RUN a"}, {CreatedBy: "CMD b", EmptyLayer: true}},
		"too many":   {{CreatedBy: "RUN a"}, {CreatedBy: "RUN b"}, {CreatedBy: "RUN c"}},
	} {
		got, notes := image.Layers(history, layers)
		if diff := cmp.Diff(want, got); diff != "" || len(notes) != 1 {
			t.Errorf("%s: notes %q, layers (-want +got):\n%s", name, notes, diff)
		}
	}
}
