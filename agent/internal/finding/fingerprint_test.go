package finding

import "testing"

func TestFingerprint(t *testing.T) {
	base := Finding{Kind: Vulnerability, ID: "CVE-1", Path: "app/lib/foo-1.2.jar", Layer: 3,
		Package: &Package{Type: "maven", Name: "g:foo", Version: "1.2", PURL: "pkg:maven/g/foo@1.2"}}
	const instruction = "COPY lib /app/lib"
	print := Fingerprint(base, instruction)
	if len(print) != 32 {
		t.Errorf("%q is not 32 hex digits", print)
	}

	same := map[string]func(f *Finding) string{
		"another layer": func(f *Finding) string { f.Layer = 7; return instruction },
		"a version that did not fix it": func(f *Finding) string {
			f.Package.Version, f.Package.PURL, f.Path = "1.21", "pkg:maven/g/foo@1.21", "app/lib/foo-1.21.jar"
			return instruction
		},
		"another opinion": func(f *Finding) string {
			f.Severity, f.FixedIn, f.Aliases = High, []string{"2"}, []string{"GHSA-a"}
			return instruction
		},
	}
	for what, change := range same {
		f, p := base, *base.Package
		f.Package = &p
		if got := Fingerprint(f, change(&f)); got == "" || Fingerprint(f, instruction) != print {
			t.Errorf("%s: not the same", what)
		}
	}

	other := map[string]func(f *Finding) string{
		"kind":        func(f *Finding) string { f.Kind = Secret; return instruction },
		"id":          func(f *Finding) string { f.ID = "CVE-2"; return instruction },
		"type":        func(f *Finding) string { f.Package.Type = "npm"; return instruction },
		"name":        func(f *Finding) string { f.Package.Name = "g:bar"; return instruction },
		"path":        func(f *Finding) string { f.Path = "opt/lib/foo-1.2.jar"; return instruction },
		"longer path": func(f *Finding) string { f.Path = "app/lib/foo-11.2.jar"; return instruction },
		"instruction": func(f *Finding) string { return "RUN make" },
	}
	for what, change := range other {
		f, p := base, *base.Package
		f.Package = &p
		by := change(&f)
		if Fingerprint(f, by) == print {
			t.Errorf("another %s: the same", what)
		}
	}
}

func TestFingerprintIgnoresDigests(t *testing.T) {
	f := Finding{Kind: Secret, ID: "private-key", Path: "cache/0123456789abcdef0123456789abcdef/key.pem"}
	g := f
	g.Path = "cache/fedcba9876543210fedcba9876543210/key.pem"
	a := Fingerprint(f, "ADD file:4b3bd3c4d0ab7e11d1c9bb4a1f3fa3fdfe16e1d0b5a2f1c3b4d5e6f708192a3b in /")
	b := Fingerprint(g, "ADD file:00000000d0ab7e11d1c9bb4a1f3fa3fdfe16e1d0b5a2f1c3b4d5e6f708192a3b in /")
	if a != b {
		t.Error("digests count")
	}
	g.Path = "cache/key.pem"
	if Fingerprint(g, "") == Fingerprint(f, "") {
		t.Error("the path does not count")
	}
}
