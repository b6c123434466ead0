package feed

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
)

func FuzzPhoton(f *testing.F) {
	fuzzFeed(f, "photon", "photon/cve_data_photon4.0.json", "testdata/photon.txtar")
}

// TestPhotonFixes checks that a package with several fixes for a CVE is
// affected until the latest.
func TestPhotonFixes(t *testing.T) {
	want := []string{"photon-CVE-2025-40258"}
	matchEach(t, readFixture(t, "photon.txtar"), "Photon OS:5.0", []installed{
		{"linux-esx", "6.1.164-1.ph5", "", want},
		{"linux-esx", "6.1.169-2.ph5", "", want},
		{"linux-esx", "6.1.177-1.ph5", "", nil},
	})
}

// TestPhotonSample reads Photon's own file and compares it with each entry's
// sentence about the affected versions, which the feed only checks.
func TestPhotonSample(t *testing.T) {
	data := sharedSample(t, "photon/cve_data_photon4.0.json")
	got := readFolder(t, fstest.MapFS{"photon/cve_data_photon4.0.json": {Data: data}})
	var entries []map[string]any
	if err := json.Unmarshal(data, &entries); err != nil {
		t.Fatal(err)
	}
	var want []*advisory.Record
	for _, e := range entries {
		sentence := []byte(e["aff_ver"].(string))
		version, before := bytes.CutPrefix(sentence, []byte("all versions before "))
		if !before {
			continue
		}
		id := e["cve_id"].(string)
		a := fixed("0", string(bytes.TrimSuffix(version, []byte(" are vulnerable"))), "")
		a.Ecosystem, a.Package = "Photon OS:4.0", e["pkg"].(string)
		want = append(want, &advisory.Record{ID: "x_photon-" + id, Aliases: []string{id}, Feed: "Photon OS", Affected: []advisory.Affected{a}})
	}
	if diff := cmp.Diff(want, got.list); diff != "" || len(want) != 5 {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"never affected": 1, "fixed, but not said in which version": 1}, got.skipped); diff != "" {
		t.Errorf("skipped -want +got:\n%s", diff)
	}
}
