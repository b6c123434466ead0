package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what is written (-want +got); go test -update writes it anew:\n%s", path, diff)
	}
}

func render(t *testing.T, format string, r *result.Result, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	results := map[string]func() *result.Result{"shop": shop, "clean": clean, "broken": broken, "crowded": crowded}
	for name, make := range results {
		for _, f := range Formats {
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				golden(t, name+"."+f.Name, render(t, f.Name, make(), Options{}))
			})
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	err := Write(&bytes.Buffer{}, "pdf", shop(), Options{})
	if err == nil || !strings.Contains(err.Error(), `"pdf"`) || !strings.Contains(err.Error(), "table, json") {
		t.Errorf("the error should name the format and list the others: %v", err)
	}
}
