package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// TestTooMuch checks that input which no reader would take does not become an
// index.
func TestTooMuch(t *testing.T) {
	for _, test := range []struct {
		name   string
		record func(i int) *advisory.Record
		want   string
	}{
		{"versions of a package", func(i int) *advisory.Record {
			r := fixedAt(fmt.Sprintf("A-%d", i), "npm", nil)
			for n := range 1 << 16 {
				r.Affected[0].Versions = append(r.Affected[0].Versions, fmt.Sprintf("%d.%d", i, n))
			}
			return &r
		}, `what is said about "npm p": more than any that is published has; it does not fit the index`},
		{"ids of records", func(i int) *advisory.Record {
			r := fixedAt(fmt.Sprintf("A-%d", i), "npm", nil, "1")
			for n := range 1 << 16 {
				r.Upstream = append(r.Upstream, fmt.Sprintf("B-%d", n))
			}
			return &r
		}, `the records up to "A-16": more than any that is published has; it does not fit the index`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCollection(Options{})
			defer c.close()
			report := Report{Sources: []SourceReport{{Name: "npm"}}}
			c.covers["npm"] = make(map[ecosystem]bool)
			in := intake{collection: c, unit: feed.Unit{Feed: &feed.Feed{}, Source: "npm"}, report: &report.Sources[0]}
			for i := range 17 {
				if err := in.Record(test.record(i)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := c.write(context.Background(), new(bytes.Buffer), &report, Options{})
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
