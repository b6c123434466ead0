package feed

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/layergate/layergate/agent/internal/advisory"
)

func FuzzAmazon(f *testing.F) {
	fuzzFeed(f, "amazon", "amazon/2/kernel-5.10/updateinfo.xml", "testdata/amazon.txtar")
}

// TestAmazonStreams checks that an extra's fixes are for its own stream only,
// and that core's are not for what an extra installs.
func TestAmazonStreams(t *testing.T) {
	extra := []string{"ALAS2KERNEL-5.10-2022-005"}
	lamp := []string{"ALAS2LAMP-0000-001"}
	matchEach(t, readFixture(t, "amazon.txtar"), "Amazon Linux:2", []installed{
		{"kernel", "4.14.355-277.647.amzn2", "", nil}, // core's
		{"kernel", "5.4.228-132.418.amzn2", "", nil},  // of kernel-5.4
		{"kernel", "5.10-1.amzn2", "", extra},
		{"kernel", "5.10.35-31.135.amzn2", "", extra},
		{"kernel", "5.10.62-55.141.amzn2", "", nil},
		{"kernel", "5.15.43-20.123.amzn2", "", nil},
		{"kernel-livepatch-5.10.62-55.141", "0.9-0.amzn2", "", extra},
		{"php", "5.4.16-46.amzn2.0.2", "", nil}, // core's
		{"php", "7.2.33-1.amzn2", "", lamp},
		{"mariadb", "1:5.5.68-1.amzn2", "", nil}, // core's
		{"mariadb", "3:10.2.37-1.amzn2", "", lamp},
		{"docker", "19.03.13ce-1.amzn2", "", []string{"ALAS2DOCKER-0000-001"}},
		{"qemu-img", "2:3.1.0-8.amzn2", "", []string{"ALAS2-2018-942"}},
		{"tool", "2.1-3.amzn2.0.1", "", []string{"ALAS2-0000-001"}}, // fixed on x86_64, not on aarch64
		{"tool", "2.1-3.amzn2.0.4", "", nil},
	})
}

// TestAmazonFixDates checks that the day of an advisory is that of its fixes.
func TestAmazonFixDates(t *testing.T) {
	got := readFixture(t, "amazon.txtar")
	for name, want := range map[string]advisory.Affected{
		"kernel":   fixed("5.10-0", "5.10.62-55.141.amzn2", "2022-01-20"),
		"dateless": fixed("0", "1-1.amzn2", ""),
	} {
		want.Ecosystem, want.Package = "Amazon Linux:2", name
		found := got.matches("Amazon Linux:2", name)
		if len(found) != 1 {
			t.Fatalf("%s: %d advisories", name, len(found))
		}
		if diff := cmp.Diff(want, found[0].Affected); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestAmazonSamples compares what is read of Amazon's own files with the names
// of the rpm files that these list, which the feed does not look at.
func TestAmazonSamples(t *testing.T) {
	for sample, want := range map[string]struct {
		path, ecosystem string
		ids, cves       int
		epoch           string
	}{
		"updateinfo_2_items.xml.gz": {"amazon/2/core/updateinfo.xml.gz", "Amazon Linux:2", 2, 16, `1?[01]:`},
		"updateinfo_AL2022.xml.gz":  {"amazon/2022/core/updateinfo.xml.gz", "Amazon Linux:2022", 1, 4, `2:`},
		"updateinfo_AL2023.xml.gz":  {"amazon/2023/core/updateinfo.xml.gz", "Amazon Linux:2023", 1, 2, ``},
	} {
		packed := sharedSample(t, "amazon/"+sample)
		got := readFolder(t, fstest.MapFS{want.path: {Data: packed}})
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		cves := 0
		var builds []string
		epoch := regexp.MustCompile(`^` + want.epoch + `(\d[^:]*)$`)
		for _, record := range got.list {
			cves += len(record.Aliases) + len(record.Upstream)
			for _, a := range record.Affected {
				m := epoch.FindStringSubmatch(a.Ranges[0].Events[1].Version)
				if m == nil || a.Ecosystem != want.ecosystem || len(a.FixDates) != 1 {
					t.Fatalf("%s: %+v", sample, a)
				}
				builds = append(builds, a.Package+"-"+m[1])
			}
		}
		if len(got.list) != want.ids || cves != want.cves || got.skipped != nil {
			t.Errorf("%s: %d advisories, %d CVEs, skipped %v", sample, len(got.list), cves, got.skipped)
		}
		var files []string
		for _, m := range regexp.MustCompile(`<filename>Packages/(\S+)\.[a-z0-9_]+\.rpm<`).FindAllSubmatch(text, -1) {
			files = append(files, string(m[1]))
		}
		slices.Sort(builds)
		slices.Sort(files)
		if diff := cmp.Diff(slices.Compact(files), builds); diff != "" {
			t.Errorf("%s: -files +got:\n%s", sample, diff)
		}
	}
}

// sharedSample is a document in its publisher's own form, which is not part of
// the repository.
func sharedSample(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("LAYERGATE_SHARED")
	if dir == "" {
		dir = "../../../../../shared"
	}
	data, err := os.ReadFile(dir + "/data/samples/" + name)
	if err != nil {
		t.Skipf("no shared data: %v", err)
	}
	return data
}
