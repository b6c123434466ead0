package fetch

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestContinued: what was received is not asked for again, in another run too.
func TestContinued(t *testing.T) {
	content := zipped(t, strings.Repeat("x", 200))
	other := zipped(t, strings.Repeat("y", 210))
	at := "storage.googleapis.com/osv-vulnerabilities/npm/all.zip"
	ranges := func(in *internet, page http.HandlerFunc, asked *string) {
		in.set(at, func(w http.ResponseWriter, r *http.Request) {
			*asked = r.Header.Get("Range")
			page(w, r)
		})
	}
	for _, c := range []struct {
		name  string
		then  http.HandlerFunc
		want  string
		asked string
	}{
		{"the same", published(content, published1), content, "bytes=100-"},
		{"ignored", send(content), content, "bytes=100-"},
		{"changed", published(other, published2), other, "bytes=100-"},
		{"shorter than the part", inTurn(answer(http.StatusRequestedRangeNotSatisfiable), published(content, published1)), content, ""},
		{"a piece", inTurn(func(w http.ResponseWriter, r *http.Request) {
			answer(http.StatusPartialContent, "Content-Range", fmt.Sprintf("bytes 100-%d/9999", len(content)-1))(w, r)
			w.Write([]byte(content[100:]))
		}, published(content, published1)), content, ""},
		{"another range", inTurn(answer(http.StatusPartialContent, "Content-Range", "bytes 7-9/10"), published(content, published1)), content, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := newInternet(t)
			in.lists("", "")
			folder := t.TempDir()
			o := in.options(nil).only("osv/npm")
			o.Attempts = 1
			var asked string
			ranges(in, cut(content, 100), &asked)
			f := open(t, folder)
			outcomes, err := f.Update(t.Context(), o)
			if err != nil || outcomes[0].Err == nil {
				t.Fatalf("%v, %+v: want the source to fail", err, outcomes)
			}
			if asked != "" || len(tree(t, folder)) != 0 {
				t.Errorf("asked for %q; there is %q", asked, paths(tree(t, folder)))
			}
			f.Close()

			ranges(in, c.then, &asked)
			o.Attempts = 2
			update(t, open(t, folder), o)
			if asked != c.asked {
				t.Errorf("asked for %q, want %q", asked, c.asked)
			}
			if got := tree(t, folder)["osv/npm/all.zip"]; got != c.want {
				t.Errorf("%d bytes, want %d", len(got), len(c.want))
			}
			left, err := os.ReadDir(filepath.Join(folder, partialFolder))
			if err != nil || len(left) != 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}

// TestCompressedOnTheWay: of a body that the server compressed for the way,
// what was received is no part of what a range would give.
func TestCompressedOnTheWay(t *testing.T) {
	in, f, folder := withKEV(t)
	packed := gzipped(newerKEV)
	compressed := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", `"x"`)
		if r.Header.Get("Accept-Encoding") != "gzip" || r.Header.Get("Range") != "" {
			t.Errorf("asked with %v", r.Header)
		}
	}
	in.set(kevAt, inTurn(func(w http.ResponseWriter, r *http.Request) {
		compressed(w, r)
		w.Write([]byte(packed[:len(packed)-4]))
		flush(w)
		panic(http.ErrAbortHandler)
	}, func(w http.ResponseWriter, r *http.Request) {
		compressed(w, r)
		w.Write([]byte(packed))
	}))
	update(t, f, in.options(nil).only("kev"))
	if got := tree(t, folder)["kev.json"]; got != newerKEV {
		t.Errorf("the file is %q", got)
	}
}
