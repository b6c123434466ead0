package scan_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/policy"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/scan"
	"github.com/layergate/layergate/policies"
)

// shop is the real image that testdata/images/shop/build.sh built.
const shop = "../../../testdata/images/shop.tar"

// options scans reference with what the binary embeds.
func options(t *testing.T, reference string) scan.Options {
	t.Helper()
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(bytes.NewReader(policies.Default), "default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	return scan.Options{
		Reference: reference, Index: index, IndexLocation: "embedded", Policy: p, PolicyLocation: "embedded",
		Now: day, Created: day, Version: "test", TempDir: t.TempDir(),
	}
}

func run(t *testing.T, o scan.Options) (*result.Result, error) {
	t.Helper()
	r, err := scan.Run(context.Background(), o)
	if r == nil {
		t.Fatal("no result")
	}
	if left, _ := os.ReadDir(o.TempDir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return r, err
}

func TestRunBlocksLog4ShellInItsLayer(t *testing.T) {
	r, err := run(t, options(t, shop))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict.Action != finding.Block || r.Verdict.ExitCode != 2 || r.Verdict.Incomplete {
		t.Errorf("verdict %+v", r.Verdict)
	}
	found := false
	for _, f := range r.Findings {
		if f.ID != "CVE-2021-44228" {
			continue
		}
		found = true
		if f.Package.Name != "org.apache.logging.log4j:log4j-core" || f.Package.Version != "2.14.1" ||
			f.Severity != finding.Critical || !f.KnownExploited || f.Verdict.Action != finding.Block || f.Verdict.Reason == "" {
			t.Errorf("Log4Shell: %+v of %+v", f, f.Package)
		}
		// The Dockerfile's "COPY lib lib", as the builder wrote it down.
		if got := r.Layers[f.Layer].Instruction; !strings.HasPrefix(got, "COPY ") || !strings.HasSuffix(got, " lib") {
			t.Errorf("Log4Shell is in layer %d, %q", f.Layer, got)
		}
	}
	if !found {
		t.Error("no Log4Shell")
	}
}

func TestRunGivesTheSameBytes(t *testing.T) {
	var first []byte
	for range 3 {
		r, err := run(t, options(t, shop))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := result.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Fatal("two scans of one image differ")
		}
	}
}

// TestRunNeverPassesABrokenImage flips or cuts bytes all over the archive. A
// flip may hit padding that nobody reads, so what must hold is: the scan fails,
// or it finds exactly what it finds in the sound image.
func TestRunNeverPassesABrokenImage(t *testing.T) {
	sound, err := os.ReadFile(shop)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := run(t, options(t, shop))
	if err != nil {
		t.Fatal(err)
	}
	failures := 0
	for n := range 24 {
		at := len(sound) * (2*n + 1) / 48
		broken := bytes.Clone(sound)
		if n%2 == 0 {
			broken[at] ^= 0x10
		} else {
			broken = broken[:at]
		}
		path := filepath.Join(t.TempDir(), "broken.tar")
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := run(t, options(t, path))
		if err == nil {
			if len(r.Findings) != len(whole.Findings) || len(r.Packages) != len(whole.Packages) {
				t.Errorf("change at %d: no error, but %d findings instead of %d", at, len(r.Findings), len(whole.Findings))
			}
			continue
		}
		failures++
		if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "sha256:") && !strings.Contains(err.Error(), "broken.tar") {
			t.Errorf("change at %d: the error does not say where: %v", at, err)
		}
		if r.Verdict.ExitCode != 1 || !r.Verdict.Incomplete || r.Verdict.Action == finding.Pass || len(r.Incomplete) == 0 || len(r.Findings) > 0 {
			t.Errorf("change at %d: %v, but the result is %+v", at, err, r.Verdict)
		}
	}
	if failures < 20 {
		t.Errorf("only %d of 24 changes were noticed", failures)
	}
}

// TestRunKeepsADoubt scans root file systems that nobody can vouch for.
func TestRunKeepsADoubt(t *testing.T) {
	dpkg := "Package: openssl\nStatus: install ok installed\nVersion: 3.0.9-1\nArchitecture: amd64\n\n"
	tests := map[string]struct {
		files map[string]string
		exit  int
		gap   string
	}{
		"a distro that nobody knows": {map[string]string{"etc/os-release": "ID=frobnix\nVERSION_ID=1\n", "var/lib/dpkg/status": dpkg}, 1, "no source of advisories is known"},
		"no os-release":              {map[string]string{"var/lib/dpkg/status": dpkg}, 1, "no os-release"},
		"a broken package database":  {map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": dpkg + "Package: x\nVers"}, 1, "cut short"},
		"no package database":        {map[string]string{"etc/os-release": "ID=debian\nVERSION_ID=12\n", "bin/sh": "x"}, 1, "no package database"},
		"a version that is none":     {map[string]string{"srv/node_modules/lodash/package.json": `{"name":"lodash","version":"newest"}`}, 1, "comparing version"},
		"a broken jar":               {map[string]string{"srv/app.jar": "PK\x03\x04 and no more"}, 1, "srv/app.jar"},
		"nothing to look up":         {map[string]string{"bin/app": "x"}, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for name, body := range tt.files {
				p := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r, err := run(t, options(t, "rootfs:"+root))
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict.ExitCode != tt.exit {
				t.Errorf("exit code %d, want %d; %+v", r.Verdict.ExitCode, tt.exit, r.Verdict)
			}
			var gaps strings.Builder
			for _, g := range r.Incomplete {
				gaps.WriteString(g.Subject + ": " + g.Reason + "\n")
			}
			if !strings.Contains(gaps.String(), tt.gap) || tt.gap == "" && gaps.Len() > 0 {
				t.Errorf("gaps %q, want one with %q", gaps.String(), tt.gap)
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := scan.Run(ctx, options(t, shop))
	if err == nil || r.Verdict.ExitCode != 1 {
		t.Errorf("error %v, verdict %+v", err, r.Verdict)
	}
}

// A policy names images, not the way in which a scan found them.
func TestRunAppliesRulesWhateverTheSource(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "app"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options(t, "rootfs:"+root)
	p, err := policy.Parse(strings.NewReader("version: 1\nrules:\n  - name: by name\n    scope: {images: [\""+root+"\"]}\n    secrets: block\n"), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o.Policy = p
	r, err := run(t, o)
	if err != nil || r.Policy.Rule != "by name" {
		t.Errorf("rule %q, error %v", r.Policy.Rule, err)
	}
}
