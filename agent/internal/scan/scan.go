// Package scan takes one image in and gives one result out. This file is the
// whole story; each step of it is a package of its own:
//
//	source.Open → layer.Walk → inventory → match → policy.Decide → result
//
// A scan that fails half-way gives a result too, so that the pipeline's pages
// can show why: it is marked incomplete, never passes, and has no findings.
package scan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/fix"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/inventory/distro"
	"github.com/layergate/layergate/agent/internal/match"
	"github.com/layergate/layergate/agent/internal/policy"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/source"
)

// Options says what to scan, by what data and what policy.
type Options struct {
	Reference string         // as the user gave it: a path, a name, or source:name
	Source    source.Options // how to open it
	Verify    bool           // hash every layer's bytes against its diff ID

	Index         *store.Index
	IndexLocation string // "embedded" or a path

	Policy         *policy.Policy
	PolicyLocation string // "embedded" or a path
	PolicyDigest   string // of its bytes, "sha256:…"
	Job            string // the pipeline's job, for the policy's scopes

	Now      time.Time // by which exceptions expire and the index ages
	Created  time.Time // what the result says
	Version  string    // of layergate
	TempDir  string    // for what must be spooled; "" is the system's
	Progress func(Event)
}

// Event tells how far a scan is.
type Event struct {
	Stage  string // "opening", "reading", "matching"
	Layer  int    // layers read so far
	Layers int    // layers to read
	Source string // how the image was found, once it is known
}

func (o Options) progress(e Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}

// Run scans one image. With an error, the result says what is known, is marked
// incomplete and has exit code 1; it is never nil.
func Run(ctx context.Context, o Options) (*result.Result, error) {
	r := o.blank()
	o.progress(Event{Stage: "opening"})
	img, err := source.Open(ctx, o.Reference, o.Source)
	if err != nil {
		return failed(r, o.Reference, err), err
	}
	describe(r, img)
	findings, inv, gaps, err := o.examine(ctx, img)
	if closing := img.Close(); err == nil && closing != nil {
		err = fmt.Errorf("closing %s: %w", o.Reference, closing)
	}
	if err != nil {
		return failed(r, o.Reference, err), err
	}
	take(r, inv)
	r.Findings = append(r.Findings, findings...)
	r.Incomplete = append(r.Incomplete, gaps...)
	r.Sort() // before the policy gives its reasons: a gate gives the same ones
	Decide(r, o.Policy, o.Job, o.Now)
	return r, nil
}

// examine finds out what is installed and what is wrong with it.
func (o Options) examine(ctx context.Context, img *image.Image) ([]finding.Finding, *inventory.Inventory, []finding.Gap, error) {
	layers, gaps, err := o.read(ctx, img)
	if err != nil {
		return nil, nil, nil, err
	}
	inv, more := inventory.Fold(layers, distro.Identify)
	gaps = append(gaps, more...)
	o.progress(Event{Stage: "matching", Layer: len(layers), Layers: len(layers), Source: img.Source})
	findings, more, err := match.Match(ctx, o.Index, inv)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("matching packages with the advisory index (%s): %w", o.IndexLocation, err)
	}
	for i := range findings {
		f := &findings[i]
		f.Fingerprint = finding.Fingerprint(*f, instruction(img, f.Layer))
	}
	return findings, inv, append(gaps, more...), nil
}

func instruction(img *image.Image, layer int) string {
	if layer < 0 || layer >= len(img.Layers) {
		return ""
	}
	return img.Layers[layer].Instruction
}

// Decide writes a policy's answers into a result, whatever another policy has
// said before. A scan that failed stays one: no policy makes it pass.
func Decide(r *result.Result, p *policy.Policy, job string, now time.Time) {
	origins := make([]image.Origin, len(r.Layers))
	for i, l := range r.Layers {
		origins[i] = l.Origin
	}
	d := policy.Decide(p, policy.Input{
		Image: strings.TrimPrefix(r.Image.Name, r.Image.Source+":"), Tags: r.Image.Tags, Labels: r.Image.Labels, Job: job,
		Now: now, Database: r.Database.Newest, Distro: r.Distro, Origins: origins,
		Findings: r.Findings, Gaps: r.Incomplete,
	})
	r.Findings = d.Findings
	r.Totals = result.Count(r.Findings)
	r.Remedies = fix.Remedies(r.Findings)
	r.Policy.Rule = d.Rule
	r.Verdict = result.Verdict{Action: d.Action, Incomplete: d.Incomplete, ExitCode: d.ExitCode, Reasons: d.Reasons}
	if r.Failed != "" {
		r.Verdict = notCompleted(r.Failed)
	}
}

// notCompleted is the verdict on a scan that failed.
func notCompleted(why string) result.Verdict {
	return result.Verdict{
		Action: finding.Block, Incomplete: true, ExitCode: policy.ExitIncomplete,
		Reasons: []string{"the scan could not be completed: " + why},
	}
}
