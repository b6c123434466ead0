package result

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
)

func written(t *testing.T, r *Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteAndReadBack(t *testing.T) {
	want := sample()
	got, err := Read(strings.NewReader(written(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestWriteForm(t *testing.T) {
	text := written(t, sample())
	if !strings.HasPrefix(text, "{\n  \"schemaVersion\": 1,\n") || !strings.HasSuffix(text, "\n}\n") {
		t.Errorf("not indented, or without a newline at the end:\n%s", text)
	}
	if !strings.Contains(text, "COPY app.jar /srv/ # <&>") {
		t.Error("<, & or > are escaped")
	}
	if text := written(t, &Result{SchemaVersion: 1, Verdict: Verdict{Action: finding.Pass}}); strings.Contains(text, "null") {
		t.Errorf("a null in an empty result:\n%s", text)
	}
}

func TestWriteLeavesItsArgument(t *testing.T) {
	r := &Result{SchemaVersion: 1, Verdict: Verdict{Action: finding.Pass}}
	written(t, r)
	if r.Findings != nil || r.Totals.ByAction != nil {
		t.Error("Write changed the result")
	}
}

func TestWriteError(t *testing.T) {
	broken := errors.New("disk full")
	if err := Write(writer{broken}, sample()); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }

func TestReadErrors(t *testing.T) {
	whole := written(t, sample())
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"no JSON", "hello", "it is not JSON at byte 1"},
		{"cut short", whole[:len(whole)/2], "it is cut short after"},
		{"cut before its last brace", strings.TrimSuffix(whole, "}\n"), "it is cut short after"},
		{"trailing data", whole + "{}", "after top-level value"},
		{"a list", "[]", "it is JSON but no result of layergate: its type is array"},
		{"null", "null", "no result of layergate"},
		{"another's JSON", `{"SchemaVersionX": 2, "ArtifactName": "x"}`, `it has no "schemaVersion"`},
		{"newer", `{"schemaVersion": 2, "findings": "elsewhere"}`, "schema version 2, of a newer layergate"},
		{"older than the first", `{"schemaVersion": 0}`, "there is no schema version 0"},
		{"no more than a verdict", `{"schemaVersion": 1, "verdict": {"action": "pass"}}`, `it has no "database"`},
		{"without findings", strings.Replace(whole, `"findings": [`, `"found": [`, 1), `it has no "findings"`},
		{"findings that are null", strings.TrimSuffix(whole, "}\n") + `, "findings": null}`, `it has no "findings"`},
		{"findings of another case", strings.TrimSuffix(whole, "}\n") + `, "Findings": []}`, "it has 0 findings, and its totals are of 1"},
		{"without gaps", strings.Replace(whole, `"incomplete": [`, `"gaps": [`, 1), `it has no "incomplete"`},
		{"a wrong type", strings.Replace(whole, `"exitCode": 2`, `"exitCode": "two"`, 1), "verdict.exitCode at byte"},
	} {
		_, err := Read(strings.NewReader(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), "reading a result: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	broken := errors.New("no such device")
	if _, err := Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken reader: error %v", err)
	}
	if _, err := read(strings.NewReader(whole), int64(len(whole)-1)); err == nil || !strings.Contains(err.Error(), "MiB") {
		t.Errorf("larger than the limit: error %v", err)
	}
	if _, err := read(strings.NewReader(whole), int64(len(whole))); err != nil {
		t.Errorf("as large as the limit: error %v", err)
	}
}

func TestReadTakesFieldsOfLaterVersions(t *testing.T) {
	text := strings.Replace(written(t, sample()), `"schemaVersion": 1`, `"schemaVersion": 1, "weather": "fine"`, 1)
	if _, err := Read(strings.NewReader(text)); err != nil {
		t.Error(err)
	}
}

// What is wrong is neither written nor read.
func TestValidate(t *testing.T) {
	if err := sample().validate(); err != nil {
		t.Fatal(err)
	}
	two := 2.0
	for _, c := range []struct {
		want   string
		change func(*Result)
	}{
		{"schemaVersion is 7", func(r *Result) { r.SchemaVersion = 7 }},
		{"layers[1].index is 5", func(r *Result) { r.Layers[1].Index = 5 }},
		{`layers[0].origin is "x"`, func(r *Result) { r.Layers[0].Origin = "x" }},
		{"layer is 2, and there are 2 layers", func(r *Result) { r.Findings[0].Layer = 2 }},
		{"layer is -2", func(r *Result) { r.Findings[0].Layer = -2 }},
		{"package.firstLayer is 9", func(r *Result) { r.Findings[0].Package.FirstLayer = 9 }},
		{`kind is "x"`, func(r *Result) { r.Findings[0].Kind = "x" }},
		{"it has no id", func(r *Result) { r.Findings[0].ID = "" }},
		{"severity is severity(9)", func(r *Result) { r.Findings[0].Severity = 9 }},
		{"a rating's severity is", func(r *Result) { r.Findings[0].Ratings[0].Severity = 9 }},
		{`fixState is "x"`, func(r *Result) { r.Findings[0].FixState = "x" }},
		{`verdict.action is ""`, func(r *Result) { r.Findings[0].Verdict.Action = "" }},
		{"epss is 2", func(r *Result) { r.Findings[0].EPSS = &two }},
		{`incomplete[0].kind is "x"`, func(r *Result) { r.Incomplete[0].Kind = "x" }},
		{"incomplete[0]: layer is 3", func(r *Result) { r.Incomplete[0].Layer = 3 }},
		{`packages[0] ("libssl3"): layer is 3`, func(r *Result) { r.Packages[0].Layer = 3 }},
		{`packages[0] ("libssl3"): firstLayer is 3`, func(r *Result) { r.Packages[0].FirstLayer = 3 }},
		{`removed[0] ("libssl3"): layer is 3`, func(r *Result) { r.Removed[0].Layer = 3 }},
		{`removed[0] ("libssl3"): removedIn is 3`, func(r *Result) { r.Removed[0].RemovedIn = 3 }},
		{`verdict.action is "ignore"`, func(r *Result) { r.Verdict.Action = finding.Ignore }},
		{"verdict.exitCode is 3", func(r *Result) { r.Verdict.ExitCode = 3 }},
		{"contradicts itself: action block, exit code 0", func(r *Result) { r.Verdict = Verdict{Action: finding.Block} }},
		{"contradicts itself: action pass, exit code 1", func(r *Result) { r.Verdict = Verdict{Action: finding.Pass, ExitCode: 1} }},
		{"incomplete true", func(r *Result) { r.Verdict = Verdict{Action: finding.Alert, Incomplete: true} }},
	} {
		r := sample()
		c.change(r)
		err := Write(&bytes.Buffer{}, r)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

// Whatever the order in which findings come, the bytes are the same.
func TestSort(t *testing.T) {
	r := sample()
	r.Findings = nil
	add := func(layer int, s finding.Severity, k finding.Kind, name, version, id, purl, path, print string) {
		f := finding.Finding{Layer: layer, Severity: s, Kind: k, ID: id, Path: path, Fingerprint: print,
			Verdict: finding.Verdict{Action: finding.Alert}}
		if name != "" {
			f.Package = &finding.Package{Name: name, Version: version, PURL: purl}
		}
		r.Findings = append(r.Findings, f)
	}
	const v, s = finding.Vulnerability, finding.Secret
	add(0, finding.Low, v, "b", "1", "2", "p", "q", "f")
	add(1, finding.Critical, s, "", "", "1", "", "q", "f")
	add(1, finding.Critical, v, "a", "1", "2", "p", "q", "f")
	add(1, finding.Critical, v, "b", "1", "1", "p", "q", "f")
	add(1, finding.Critical, v, "b", "2", "1", "p", "q", "e")
	add(1, finding.Critical, v, "b", "2", "1", "p", "q", "f")
	add(1, finding.Critical, v, "b", "2", "1", "p", "r", "a")
	add(1, finding.Critical, v, "b", "2", "1", "q", "a", "a")
	add(1, finding.Critical, v, "b", "2", "2", "a", "a", "a")
	add(1, finding.Low, v, "a", "1", "1", "p", "q", "f")
	want := slices.Clone(r.Findings)
	r.Packages = []Package{{Type: "deb", Name: "a", Path: "x"}, {Type: "deb", Name: "a", Path: "y"}, {Type: "deb", Name: "b"}, {Type: "npm", Name: "a"}}
	packages := slices.Clone(r.Packages)
	r.Incomplete = []finding.Gap{{Layer: -1, Subject: "z"}, {Layer: 0, Kind: finding.Limited}, {Layer: 0, Kind: finding.Unreadable, Subject: "a"},
		{Layer: 0, Kind: finding.Unreadable, Subject: "b", Reason: "x"}, {Layer: 0, Kind: finding.Unreadable, Subject: "b", Reason: "y"}}
	gaps := slices.Clone(r.Incomplete)
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		random.Shuffle(len(want), func(i, j int) { r.Findings[i], r.Findings[j] = r.Findings[j], r.Findings[i] })
		random.Shuffle(len(packages), func(i, j int) { r.Packages[i], r.Packages[j] = r.Packages[j], r.Packages[i] })
		random.Shuffle(len(gaps), func(i, j int) { r.Incomplete[i], r.Incomplete[j] = r.Incomplete[j], r.Incomplete[i] })
		r.Sort()
		if diff := cmp.Diff(want, r.Findings); diff != "" {
			t.Fatalf("findings (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(packages, r.Packages); diff != "" {
			t.Fatalf("packages (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(gaps, r.Incomplete); diff != "" {
			t.Fatalf("gaps (-want +got):\n%s", diff)
		}
	}
}

func TestCount(t *testing.T) {
	got := Count([]finding.Finding{
		{Severity: finding.High, FixState: finding.Fixed, Verdict: finding.Verdict{Action: finding.Block}},
		{Severity: finding.High, FixState: finding.NotFixed, Verdict: finding.Verdict{Action: finding.Alert}},
		{Severity: finding.Low, FixState: finding.Fixed, Verdict: finding.Verdict{Action: finding.Ignore}},
	})
	want := Totals{
		BySeverity: map[string]int{"critical": 0, "high": 2, "medium": 0, "low": 1, "negligible": 0, "unknown": 0},
		ByAction:   map[string]int{"pass": 0, "ignore": 1, "alert": 1, "block": 1},
		Fixable:    2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever Read accepts can be written and read again, and stays the same.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Add(`{"schemaVersion":1,"verdict":{"action":"pass"}}`)
	f.Add(`{"schemaVersion":2}`)
	f.Add(`{"schemaVersion":1,"layers":[{"index":0}],"findings":[{"kind":"secret","id":"x","layer":-1,"verdict":{"action":"alert"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		first, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		once := written(t, first)
		second, err := Read(strings.NewReader(once))
		if err != nil {
			t.Fatal(err)
		}
		if twice := written(t, second); once != twice {
			t.Errorf("%s\nbecame\n%s", once, twice)
		}
	})
}
