package cli

import (
	"fmt"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/fetch"
	"github.com/layergate/layergate/agent/internal/report"
)

// download tells of downloads.
func (p *progress) download(clock func() time.Time) func(fetch.Progress) {
	begun := clock()
	return func(d fetch.Progress) {
		p.put(func() string { return downloadLine(d, clock().Sub(begun)) }, false)
	}
}

// downloadLine is "alpine: 1.2 of 3.4 MB (56.7 MB in all, 8.9 MB/s)".
func downloadLine(d fetch.Progress, since time.Duration) string {
	line := fmt.Sprintf("%s: %.1f MB", d.Source, float64(d.Bytes)/1e6)
	if d.Total > 0 {
		line = fmt.Sprintf("%s: %.1f of %.1f MB", d.Source, float64(d.Bytes)/1e6, float64(d.Total)/1e6)
	}
	rate := 0.0
	if since > 0 {
		rate = float64(d.All) / 1e6 / since.Seconds()
	}
	return line + fmt.Sprintf(" (%.1f MB in all, %.1f MB/s)", float64(d.All)/1e6, rate)
}

// compiling tells, on the line and in the log, which of a folder's files is
// read: some take minutes.
func (a *app) compiling(p *progress) func(path string) {
	return func(path string) {
		a.log.WithField("file", path).Info("reading advisories")
		p.put(func() string { return "compiling: " + report.EscapeTerminal(path) }, true)
	}
}
