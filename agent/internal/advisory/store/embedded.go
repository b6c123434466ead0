package store

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// The default index, made of DefaultSources by
//
//	go test ./agent/internal/advisory/store -run TestDefaultIndex -update
//
// from the folder that README.md of the data describes. The same test without
// -update checks that the file is what the sources give. NOTICE credits them.
//
//go:embed default.idx
var defaultIndex string

// DefaultTime is when the default index is said to be built: the newest date
// of its sources.
var DefaultTime = time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC)

// DefaultSources are the sources of the default index, as Options.Sources:
// those whose licences let them be passed on. (Ubuntu's and Rocky Linux's do
// not; their feeds work on files that users fetch.)
func DefaultSources() []string {
	return []string{
		"osv/AlmaLinux", "osv/Alpine", "osv/Azure Linux", "osv/Bitnami", "osv/Debian",
		"osv/Go", "osv/Maven", "osv/NuGet", "osv/Packagist", "osv/PyPI", "osv/RubyGems",
		"osv/crates.io", "osv/npm",
		"alpine-secdb/edge-2026-08-22", "kev.json", "epss.csv.gz",
	}
}

// Embedded opens the default index that is part of the programme.
func Embedded() (*Index, error) {
	x, err := OpenReader(strings.NewReader(defaultIndex), int64(len(defaultIndex)))
	if err != nil {
		return nil, fmt.Errorf("opening the embedded advisory index: %w", err)
	}
	for i := range x.dir.info.Sources {
		s := &x.dir.info.Sources[i]
		s.Partial = partial[s.Name]
	}
	return x, nil
}

// partial are the default sources that hold the best-known libraries only:
// what they do not name may still be vulnerable, and every scan says so.
var partial = map[string]bool{"Maven": true, "npm": true, "NuGet": true}
