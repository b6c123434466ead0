package store

import (
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// maxExamples is how many records are named for each reason of a skip.
const maxExamples = 5

// Report is what a compilation took in and left out.
type Report struct {
	Info    Info
	Sources []SourceReport // in the order in which they were read
}

// SourceReport is one source's part.
type SourceReport struct {
	Name     string
	Date     time.Time // the newest that the source gives; zero where it gives none
	Records  int       // records or facts taken
	Packages int       // distinct packages, per ecosystem and release
	Skipped  []Skipped // what was left out, by reason
}

// Skipped is what was left out for one reason.
type Skipped struct {
	Reason   string
	Count    int
	Examples []string // the first few
}

// index finds or adds a source.
func (r *Report) index(name string) int {
	for i := range r.Sources {
		if r.Sources[i].Name == name {
			return i
		}
	}
	r.Sources = append(r.Sources, SourceReport{Name: name})
	return len(r.Sources) - 1
}

func (s *SourceReport) skip(reason, record string) {
	for i := range s.Skipped {
		if k := &s.Skipped[i]; k.Reason == reason {
			k.Count++
			if len(k.Examples) < maxExamples {
				k.Examples = append(k.Examples, record)
			}
			return
		}
	}
	s.Skipped = append(s.Skipped, Skipped{Reason: reason, Count: 1, Examples: []string{record}})
}

func (s *SourceReport) info() SourceInfo {
	p := feed.PublisherOf(s.Name)
	return SourceInfo{Name: s.Name, Date: s.Date, Records: s.Records, Packages: s.Packages, Licence: p.Licence, URL: p.URL}
}
