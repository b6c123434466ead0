package match

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The orders hold the cases that their own publishers test with or give as
// examples. Each file of testdata/orders names where its cases are from and
// restates some of them, a line a row of versions in ascending order:
//
//	a < b = c    every pair of the row is compared, both ways
//	a ? b        nobody can tell
//	! a          not a version
//
// These are facts; a row that fails is a fault of the order.
func TestPublishedCases(t *testing.T) {
	tested := make(map[string]bool)
	for _, name := range publishedOrders(t) {
		t.Run(name, func(t *testing.T) {
			order := orderCalled(t, name)
			pairs := 0
			for _, row := range publishedRows(t, name) {
				if text, ok := strings.CutPrefix(row, "! "); ok {
					if v, ok := order(text); ok {
						t.Errorf("%q is taken for a version: %+v", text, v)
					}
					continue
				}
				pairs += testRow(t, order, strings.Fields(row))
			}
			if pairs < 20 {
				t.Errorf("only %d pairs", pairs)
			}
			t.Logf("%d pairs", pairs)
		})
		tested[name] = true
	}
	for name := range ecosystems {
		if _, own := orderFiles[name]; !tested[name] && !own {
			t.Errorf("%s has no published cases: add testdata/orders/%s.txt, or say in orderFiles whose order it has", name, name)
		}
	}
}

// orderFiles are the ecosystems whose order is that of another file.
var orderFiles = map[string]string{
	"Ubuntu": "Debian",

	"Chainguard": "Alpine", "MinimOS": "Alpine", "Wolfi": "Alpine",

	"AlmaLinux": "rpm", "Amazon Linux": "rpm", "Azure Linux": "rpm", "Mageia": "rpm", "openEuler": "rpm",
	"openSUSE": "rpm", "Oracle Linux": "rpm", "Photon OS": "rpm", "Red Hat": "rpm", "Rocky Linux": "rpm", "SUSE": "rpm",

	"Hex": "npm", // semantic versioning 2.0

	"Bitnami": "", // it publishes none; TestHolds has what its own feed implies
}

// orderCalled is the order that a file is about.
func orderCalled(t *testing.T, name string) order {
	t.Helper()
	if name == "rpm" {
		return rpmOrder
	}
	e, ok := ecosystems[name]
	if !ok {
		t.Fatalf("no ecosystem %q", name)
	}
	return e.order
}

// testRow compares every two versions of a row, both ways.
func testRow(t *testing.T, order order, row []string) (pairs int) {
	t.Helper()
	if len(row)%2 == 0 || len(row) < 3 {
		t.Fatalf("no row: %q", row)
	}
	for i := 0; i < len(row); i += 2 {
		want := 0
		for j := i + 2; j < len(row); j += 2 {
			switch row[j-1] {
			case "<":
				want = -1
			case "=", "?":
			default:
				t.Fatalf("%q is no sign in %q", row[j-1], row)
			}
			a, aOK := order(row[i])
			b, bOK := order(row[j])
			if !aOK || !bOK {
				t.Errorf("%q is a version: %t, %q: %t", row[i], aOK, row[j], bOK)
				continue
			}
			pairs++
			decided := row[j-1] != "?"
			got, ok := a.compare(b)
			back, okBack := b.compare(a)
			if ok != decided || okBack != decided || decided && (got != want || back != -want) {
				t.Errorf("%s to %s is %d (%t) and %d (%t) the other way; want %d (%t)", row[i], row[j], got, ok, back, okBack, want, decided)
			}
		}
	}
	return pairs
}

// publishedOrders are the names of the files.
func publishedOrders(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/orders/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata/orders", err)
	}
	names := make(map[string]bool)
	for _, file := range files {
		names[strings.TrimSuffix(filepath.Base(file), ".txt")] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func publishedRows(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/orders", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, line)
		}
	}
	return rows
}

// publishedVersions are the versions of a file, for the tools to compare too.
func publishedVersions(t *testing.T, name string) []string {
	t.Helper()
	var versions []string
	for _, row := range publishedRows(t, name) {
		if !strings.HasPrefix(row, "! ") {
			for i, field := range strings.Fields(row) {
				if i%2 == 0 {
					versions = append(versions, field)
				}
			}
		}
	}
	return versions
}
