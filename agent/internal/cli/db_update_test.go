package cli

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/fetch"
)

const (
	secdbMain = `{"reponame": "main", "distroversion": "v3.20", "packages": [{"pkg": {"name": "openssl", "secfixes": {"3.3.2-r0": ["CVE-2024-6119"]}}}]}`
	kevOne    = `{"catalogVersion": "2026.08.25", "dateReleased": "2026-08-25T15:00:00Z", "count": 1, "vulnerabilities": [{"cveID": "CVE-2024-6119", "dateAdded": "2026-08-25"}]}`
)

// mirrorOf serves files as a mirror, with the list that a mirror has.
func mirrorOf(t *testing.T, files map[string]string) *httptest.Server {
	t.Helper()
	folder := t.TempDir()
	listed := map[string]any{}
	for name, content := range files {
		put(t, filepath.Join(folder, name), content)
		source := "kev"
		if strings.HasPrefix(name, "alpine") {
			source = "alpine"
		}
		sum := sha256.Sum256([]byte(content))
		listed[name] = map[string]any{"source": source, "size": len(content), "sha256": hex.EncodeToString(sum[:])}
	}
	list, err := json.Marshal(map[string]any{"version": 1, "files": listed})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "downloads.json"), string(list))
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(server.Close)
	return server
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestUpdateRebuildsOnlyWhatChanged: also when someone else replaced the
// index, removed it, or put a file into the folder.
func TestUpdateRebuildsOnlyWhatChanged(t *testing.T) {
	server := mirrorOf(t, map[string]string{"alpine-secdb/v3.20/main.json": secdbMain, "kev.json": kevOne})
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	index := filepath.Join(home, ".cache/layergate/index.db")
	advisories := filepath.Join(home, ".cache/layergate/advisories")
	update := func(why string, wantRebuilt bool) {
		t.Helper()
		code, stdout, stderr := run(t, t.Context(), env, nil, "db", "update", "--mirror", server.URL)
		if rebuilt := !strings.Contains(stdout, "stays as it is"); code != 0 || rebuilt != wantRebuilt || stderr != "" {
			t.Errorf("%s: rebuilt %v, want %v; exit code %d\n%s%s", why, rebuilt, wantRebuilt, code, stdout, stderr)
		}
		if code, out, errs := run(t, t.Context(), env, nil, "db", "status"); code != 0 || !strings.Contains(out, index) {
			t.Errorf("%s: db status: %s%s", why, out, errs)
		}
	}
	update("the first", true)
	update("nothing changed", false)
	if err := os.Remove(index); err != nil {
		t.Fatal(err)
	}
	update("no index", true)
	put(t, filepath.Join(advisories, "alpine-secdb/v3.19/main.json"), strings.ReplaceAll(secdbMain, "3.20", "3.19"))
	update("a file came by hand", true)
	update("nothing changed again", false)
	put(t, filepath.Join(home, "other/kev.json"), kevOne)
	put(t, filepath.Join(home, "other/alpine-secdb/v3.18/main.json"), strings.ReplaceAll(secdbMain, "3.20", "3.18"))
	if code, _, stderr := run(t, t.Context(), env, nil, "db", "update", "--from", filepath.Join(home, "other")); code != 0 {
		t.Fatal(stderr)
	}
	update("another index in its place", true)
}

// TestUpdateReplacesWhatCannotBeRead: an index of another format is no reason
// to have none.
func TestUpdateReplacesWhatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "in/alpine-secdb/v3.20/main.json"), secdbMain)
	index := filepath.Join(folder, "index.db")
	put(t, index, "not an index")
	code, _, stderr := run(t, t.Context(), nil, nil, "db", "update", "--from", filepath.Join(folder, "in"), "--db", index)
	if code != 0 || !strings.Contains(stderr, "the days on which fixes were first seen are lost") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestUpdateFails: the old index stays as it is, and there is nothing beside it.
func TestUpdateFails(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "in/alpine-secdb/v3.20-2026-08-25/main.json"), secdbMain)
	put(t, filepath.Join(folder, "in/kev.json"), kevOne)
	index := filepath.Join(folder, "db/index.db")
	if code, _, stderr := run(t, t.Context(), nil, nil, "db", "update", "--from", filepath.Join(folder, "in"), "--db", index); code != 0 {
		t.Fatal(stderr)
	}
	before, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "broken/kev.json"), kevOne[:60])
	put(t, filepath.Join(folder, "broken/alpine-secdb/v3.20/main.json"), secdbMain)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name, from, want string
		ctx              context.Context
	}{
		{"broken", filepath.Join(folder, "broken"), "reading kev.json: ", t.Context()},
		{"interrupted", filepath.Join(folder, "in"), "layergate: the update was interrupted\n", cancelled},
	} {
		code, stdout, stderr := run(t, c.ctx, nil, nil, "db", "update", "--from", c.from, "--db", index)
		if code != ExitIncomplete || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %s%s", c.name, code, stdout, stderr)
		}
		// The clock of run is at 2026-09-01, the newest advisory of 2026-08-25.
		if !strings.Contains(stderr, "layergate: the index of 2026-08-25, 7 days old, stays in use ("+index+")\n") {
			t.Errorf("%s: which index is in use? %s", c.name, stderr)
		}
		if after, err := os.ReadFile(index); err != nil || string(after) != string(before) {
			t.Errorf("%s: the index changed (%v)", c.name, err)
		}
		if list, err := os.ReadDir(filepath.Dir(index)); err != nil || len(list) != 1 {
			t.Errorf("%s: beside the index is %v, %v", c.name, list, err)
		}
	}
}

// TestUpdateOfDamagedFiles: the first run says what is wrong, the second has
// set it right.
func TestUpdateOfDamagedFiles(t *testing.T) {
	server := mirrorOf(t, map[string]string{"alpine-secdb/v3.20/main.json": secdbMain, "kev.json": kevOne})
	home := t.TempDir()
	update := func() (ExitCode, string) {
		code, _, stderr := run(t, t.Context(), map[string]string{"HOME": home}, nil, "db", "update", "--mirror", server.URL)
		return code, stderr
	}
	if code, stderr := update(); code != 0 {
		t.Fatal(stderr)
	}
	put(t, filepath.Join(home, ".cache/layergate/advisories/kev.json"), strings.Repeat("\x00", len(kevOne)))
	if code, stderr := update(); code != ExitIncomplete || !strings.Contains(stderr, "damaged on this disk since they were downloaded: kev.json: run db update again") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if code, stderr := update(); code != 0 {
		t.Errorf("the second time: exit code %d, %s", code, stderr)
	}
}

func TestUpdateFromZip(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "advisories.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("advisories/alpine-secdb/v3.20/main.json")
	if err == nil {
		_, err = w.Write([]byte(secdbMain))
	}
	for _, err := range []error{err, z.Close(), f.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := run(t, t.Context(), nil, nil, "db", "update", "--from", name, "--db", filepath.Join(folder, "index.db"))
	if code != 0 || !strings.Contains(stdout, "Alpine secdb") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestDownloadLine(t *testing.T) {
	for _, c := range []struct {
		d     fetch.Progress
		width int
		want  string
	}{
		{fetch.Progress{Source: "alpine", Bytes: 1_200_000, Total: 3_400_000, All: 20_000_000}, 80, "alpine: 1.2 of 3.4 MB (20.0 MB in all, 10.0 MB/s)"},
		{fetch.Progress{Source: "debian", Bytes: 1_200_000, All: 1_200_000}, 80, "debian: 1.2 MB (1.2 MB in all, 0.6 MB/s)"},
		{fetch.Progress{Source: "debian"}, 9, "debian: 0"},
	} {
		if got := cut(downloadLine(c.d, 2*time.Second), c.width); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := downloadLine(fetch.Progress{Source: "kev"}, 0); got != "kev: 0.0 MB (0.0 MB in all, 0.0 MB/s)" {
		t.Errorf("at the beginning: %q", got)
	}
}
