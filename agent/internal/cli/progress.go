package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/layergate/layergate/agent/internal/scan"
)

// progress is the line that shows how far a scan is, on a terminal only: a
// build log would keep every state of it.
type progress struct {
	on    bool
	width int
	write func(string)

	mu    sync.Mutex
	last  time.Time
	shown bool
}

// progressInterval is how often the line changes at most.
const progressInterval = 100 * time.Millisecond

func (a *app) newProgress() *progress {
	width, ok := terminalWidth(a.stderr)
	if width <= 0 {
		width = 80
	}
	return &progress{
		on:    ok && !a.quiet && a.env("TERM") != "dumb" && a.env("CI") == "" && !a.log.IsLevelEnabled(logrus.InfoLevel),
		width: width,
		write: func(s string) { fmt.Fprint(a.stderr, s) },
	}
}

// show may be called from several goroutines.
func (p *progress) show(e scan.Event) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.last) < progressInterval {
		return
	} else {
		p.last = now
	}
	p.shown = true
	p.write("\r\x1b[K" + progressLine(e, p.width-1))
}

// clear removes the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.write("\r\x1b[K")
		p.shown = false
	}
}

func progressLine(e scan.Event, width int) string {
	line := e.Stage
	if e.Layers > 0 {
		line += fmt.Sprintf(": %d of %d layers", e.Layer, e.Layers)
	}
	if e.Source != "" {
		line += " (" + e.Source + ")"
	}
	if runes := []rune(line); len(runes) > width {
		line = string(runes[:max(width, 0)])
	}
	return line
}
