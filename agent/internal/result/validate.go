package result

import (
	"fmt"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// The words that a result may use.
var (
	actions   = []finding.Action{finding.Pass, finding.Ignore, finding.Alert, finding.Block}
	kinds     = []finding.Kind{finding.Vulnerability, finding.Misconfiguration, finding.Secret, finding.Malware, finding.WeakPassword, finding.Exposure}
	fixStates = []finding.FixState{"", finding.FixUnknown, finding.Fixed, finding.NotFixed, finding.WillNotFix}
	gapKinds  = []finding.GapKind{finding.Unreadable, finding.Undecided, finding.Unknowable, finding.Limited}
)

// validate checks what the types cannot: that every index points to a layer
// and every word is one of those that are known.
func (r *Result) validate() error {
	if r.SchemaVersion != SchemaVersion {
		return fmt.Errorf("schemaVersion is %d, want %d", r.SchemaVersion, SchemaVersion)
	}
	for i, l := range r.Layers {
		if l.Index != i {
			return fmt.Errorf("layers[%d].index is %d, want its place, %d", i, l.Index, i)
		}
		if p := l.Dockerfile; p != nil && (p.Line < 1 || p.EndLine < p.Line) {
			return fmt.Errorf("layers[%d].dockerfile is lines %d to %d, which are none", i, p.Line, p.EndLine)
		}
		if !slices.Contains([]image.Origin{image.OriginUnknown, image.OriginBase, image.OriginApp}, l.Origin) {
			return fmt.Errorf("layers[%d].origin is %q, which is none", i, l.Origin)
		}
	}
	for i, f := range r.Findings {
		if err := r.validateFinding(f); err != nil {
			return fmt.Errorf("findings[%d] (%q): %w", i, f.ID, err)
		}
	}
	for i, g := range r.Incomplete {
		if !slices.Contains(gapKinds, g.Kind) {
			return fmt.Errorf("incomplete[%d].kind is %q, which is none", i, g.Kind)
		}
		if err := r.validateLayer("layer", g.Layer); err != nil {
			return fmt.Errorf("incomplete[%d]: %w", i, err)
		}
	}
	for i, p := range r.Packages {
		if err := r.validatePackage(p); err != nil {
			return fmt.Errorf("packages[%d] (%q): %w", i, p.Name, err)
		}
	}
	for i, p := range r.Removed {
		if err := r.validatePackage(p.Package); err != nil {
			return fmt.Errorf("removed[%d] (%q): %w", i, p.Name, err)
		}
		if err := r.validateLayer("removedIn", p.RemovedIn); err != nil {
			return fmt.Errorf("removed[%d] (%q): %w", i, p.Name, err)
		}
	}
	for i, m := range r.Remedies {
		if !slices.Contains(kinds, m.Kind) {
			return fmt.Errorf("remedies[%d].kind is %q, which is none", i, m.Kind)
		}
		if err := r.validateLayer("layer", m.Layer); err != nil {
			return fmt.Errorf("remedies[%d]: %w", i, err)
		}
	}
	if r.Failed != "" && r.Verdict.ExitCode != 1 {
		return fmt.Errorf("the scan failed (%q), but verdict.exitCode is %d, want 1", r.Failed, r.Verdict.ExitCode)
	}
	return r.Verdict.validate()
}

// validateLayer checks an index into the layers; -1 says that none can be named.
func (r *Result) validateLayer(field string, index int) error {
	if index < -1 || index >= len(r.Layers) {
		return fmt.Errorf("%s is %d, and there are %d layers", field, index, len(r.Layers))
	}
	return nil
}

func (r *Result) validatePackage(p Package) error {
	if err := r.validateLayer("layer", p.Layer); err != nil {
		return err
	}
	return r.validateLayer("firstLayer", p.FirstLayer)
}

func (r *Result) validateFinding(f finding.Finding) error {
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("kind is %q, which is none", f.Kind)
	case f.ID == "":
		return fmt.Errorf("it has no id")
	case !slices.Contains(finding.Severities, f.Severity):
		return fmt.Errorf("severity is %s, which is none", f.Severity)
	case !slices.Contains(fixStates, f.FixState):
		return fmt.Errorf("fixState is %q, which is none", f.FixState)
	case !slices.Contains(actions, f.Verdict.Action):
		return fmt.Errorf("verdict.action is %q, which is none", f.Verdict.Action)
	case f.EPSS != nil && !(*f.EPSS >= 0 && *f.EPSS <= 1):
		return fmt.Errorf("epss is %g, and a probability is from 0 to 1", *f.EPSS)
	}
	for _, rating := range f.Ratings {
		if !slices.Contains(finding.Severities, rating.Severity) {
			return fmt.Errorf("a rating's severity is %s, which is none", rating.Severity)
		}
	}
	if f.Package != nil {
		if err := r.validateLayer("package.firstLayer", f.Package.FirstLayer); err != nil {
			return err
		}
	}
	return r.validateLayer("layer", f.Layer)
}

// validate checks that a verdict does not contradict itself: only a pass or an
// alert ends with exit code 0, and only what is complete enough for the policy.
func (v Verdict) validate() error {
	if !slices.Contains([]finding.Action{finding.Pass, finding.Alert, finding.Block}, v.Action) {
		return fmt.Errorf("verdict.action is %q, want pass, alert or block", v.Action)
	}
	if v.ExitCode < 0 || v.ExitCode > 2 {
		return fmt.Errorf("verdict.exitCode is %d, want 0, 1 or 2", v.ExitCode)
	}
	if passed := v.ExitCode == 0; passed == (v.Action == finding.Block) || passed && v.Incomplete {
		return fmt.Errorf("verdict contradicts itself: action %s, exit code %d, incomplete %t", v.Action, v.ExitCode, v.Incomplete)
	}
	return nil
}
