package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseOutputs(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Symlink(".", "link"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	type place struct{ format, file string }
	for _, c := range []struct {
		values []string
		want   []place
		err    string
	}{
		{nil, []place{{format: "table"}}, ""},
		{[]string{"json=a=b.json", "table"}, []place{{"json", "a=b.json"}, {"table", ""}}, ""},
		{[]string{"json=-"}, []place{{"json", ""}}, ""},
		{[]string{"json=/dev/stdout"}, []place{{"json", ""}}, ""},
		{[]string{"json=a", "json=b"}, []place{{"json", "a"}, {"json", "b"}}, ""},
		{[]string{""}, nil, `unknown report format ""`},
		{[]string{"JSON"}, nil, `unknown report format "JSON"`},
		{[]string{"=a"}, nil, `unknown report format ""`},
		{[]string{"json="}, nil, "the file has no name"},
		{[]string{"json", "table"}, nil, "would both write to stdout"},
		{[]string{"json", "table=-"}, nil, "would both write to stdout"},
		{[]string{"json=a", "table=./a"}, nil, "would both write to"},
		{[]string{"json=a", "table=link/a"}, nil, "would both write to"},
		{[]string{"json=none/a"}, nil, "there is no folder none"},
		{[]string{"json=link"}, nil, "is a folder"},
		{[]string{"html-dir=link"}, []place{{"html-dir", "link"}}, ""},
		{[]string{"html-dir=new"}, []place{{"html-dir", "new"}}, ""},
		{[]string{"html-dir"}, nil, "--output html-dir=FOLDER"},
		{[]string{"html-dir=-"}, nil, "--output html-dir=FOLDER"},
		{[]string{"html-dir=file"}, nil, "is a file"},
	} {
		got, err := parseOutputs(c.values)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: error %v, want %q", c.values, err, c.err)
		}
		var places []place
		for _, o := range got {
			places = append(places, place{o.format.Name, o.file})
		}
		if diff := cmp.Diff(c.want, places, cmp.AllowUnexported(place{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.values, diff)
		}
	}
}

// TestWriteFileWholeOrNotAtAll: an error half-way leaves what was there, and
// nothing else.
func TestWriteFileWholeOrNotAtAll(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "result.json")
	for _, text := range []string{"first", "second, over the first"} {
		err := writeFile(name, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, name); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	broken := errors.New("broken")
	err := writeFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "half of the th")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if got := readFile(t, name); got != "second, over the first" {
		t.Errorf("got %q", got)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: a temporary file stayed", entries, err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v: want a file that others can read", info.Mode(), err)
	}
}

// A link to what someone has open is written to, never replaced by a file: a
// shell's "> file" would stay empty.
func TestWriteFileThatIsOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	open, err := os.Create("open")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	links := map[string]string{"stdout": fmt.Sprintf("/proc/self/fd/%d", open.Fd()), "further": "stdout"}
	for name, to := range links {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range links {
		err := writeFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "text;"); return err })
		if got, linkErr := os.Readlink(name); err != nil || linkErr != nil || got != to {
			t.Errorf("%s: %v, %v: it leads to %q", name, err, linkErr, got)
		}
	}
	if got := readFile(t, "open"); got != "text;text;" {
		t.Errorf("got %q", got)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
