package cli

import (
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

func TestCoveredEcosystem(t *testing.T) {
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	for asked, want := range map[string]string{
		"Debian:12": "Debian:12", "debian:12": "Debian:12", "NPM": "npm", "pypi": "PyPI", "ALPINE:V3.18": "Alpine:v3.18", "azure linux:3": "Azure Linux:3",
		"Maven:https://repo.example.com": "Maven:https://repo.example.com", // a repository's address does not count
	} {
		if got, err := coveredEcosystem(index, "x", asked); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", asked, got, err, want)
		}
	}
	for asked, want := range map[string]string{
		"Debian":   "ask for one, such as x@Debian:1",
		"alpine":   "such as x@Alpine:v3.",
		"Debian:1": "does not cover Debian:1; of Debian it covers 7, 8, 9, 10",
		"npm:1":    "npm has no releases: ask for x@npm",
		"Homebrew": `does not cover an ecosystem "Homebrew"; it covers AlmaLinux, Alpine`,
		"v1.2":     "(a version goes with --version)",
		"":         `an ecosystem ""`,
	} {
		if got, err := coveredEcosystem(index, "x", asked); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %q", asked, got, err, want)
		}
	}
}

func TestNewestRelease(t *testing.T) {
	if got := newestRelease([]string{"9", "22.04", "Pro:22.04"}); got != "22.04" {
		t.Error(got)
	}
	if got := newestRelease([]string{"Pro:22.04"}); got != "Pro:22.04" {
		t.Error(got)
	}
}
