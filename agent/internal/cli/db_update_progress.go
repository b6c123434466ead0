package cli

import (
	"fmt"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/fetch"
)

// download shows downloads on the progress line.
func (p *progress) download(clock func() time.Time) func(fetch.Progress) {
	if !p.on {
		return nil
	}
	begun := clock()
	return func(d fetch.Progress) {
		p.mu.Lock()
		defer p.mu.Unlock()
		now := clock()
		if now.Sub(p.last) < progressInterval {
			return
		}
		p.last, p.shown = now, true
		p.write("\r\x1b[K" + downloadLine(d, now.Sub(begun), p.width-1))
	}
}

// downloadLine is "alpine: 1.2 of 3.4 MB (56.7 MB in all, 8.9 MB/s)".
func downloadLine(d fetch.Progress, since time.Duration, width int) string {
	line := fmt.Sprintf("%s: %.1f MB", d.Source, float64(d.Bytes)/1e6)
	if d.Total > 0 {
		line = fmt.Sprintf("%s: %.1f of %.1f MB", d.Source, float64(d.Bytes)/1e6, float64(d.Total)/1e6)
	}
	rate := 0.0
	if since > 0 {
		rate = float64(d.All) / 1e6 / since.Seconds()
	}
	line += fmt.Sprintf(" (%.1f MB in all, %.1f MB/s)", float64(d.All)/1e6, rate)
	if runes := []rune(line); len(runes) > width {
		line = string(runes[:max(width, 0)])
	}
	return line
}
