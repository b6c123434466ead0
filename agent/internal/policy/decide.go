package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// Exit codes, as every command that decides uses them.
const (
	ExitPass       = 0 // pass, alerts included
	ExitIncomplete = 1 // the scan could not be completed, or not be trusted
	ExitBlock      = 2 // the policy blocks
)

// Input is all that a decision depends on.
type Input struct {
	Image    string            // as the user named it, without a source's prefix
	Tags     []string          // the names that the source has for it
	Labels   map[string]string // of the image's config
	Job      string            // the pipeline's job; empty outside of one
	Now      time.Time
	Database time.Time      // the newest date of the advisory index; zero where it has none
	Distro   *image.Distro  // nil where the image has none
	Origins  []image.Origin // by layer index
	Findings []finding.Finding
	Gaps     []finding.Gap
}

// Decision is a policy's answer.
type Decision struct {
	Rule       string            // the rule whose scope matched; empty if none did
	Findings   []finding.Finding // those of the Input in their order, each with its Verdict
	Action     finding.Action    // pass, alert or block
	Incomplete bool              // the scan has gaps that the rule does not accept, or no rule matched
	ExitCode   int
	Reasons    []string // one line each, the gravest first
}

// Decide applies a policy. It depends on nothing but its arguments, and
// changes neither.
//
// The exit code is ExitBlock if the policy blocks anything that was found,
// even in a scan with gaps: what is known suffices. Else it is ExitIncomplete
// if there are gaps that the rule does not accept. Else it is ExitPass.
func Decide(p *Policy, in Input) Decision {
	names := imageNames(in.Image, in.Tags)
	rule := p.ruleFor(names, in.Labels, in.Job)
	if rule == nil {
		return undecided(in)
	}
	d := Decision{Rule: rule.Name, Findings: slices.Clone(in.Findings)}
	exceptions := exceptionsFor(p.Exceptions, names, in.Now)
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Verdict = exceptions.apply(*f, rule.verdict(*f, in.origin(f.Layer)))
	}
	answers := foundAnswers(rule.Name, d.Findings)
	answers = append(answers, rule.countAnswers(d.Findings)...)
	answers = append(answers, rule.endOfLife(in.Distro, in.Now)...)
	answers = append(answers, p.Database.answer(in.Database, in.Now)...)
	answers = append(answers, exceptions.expiredAnswers()...)
	d.conclude(answers, rule.gapAnswers(in.Gaps))
	return d
}

// ruleFor is the first rule whose scope matches; nil if none does.
func (p *Policy) ruleFor(names []string, labels map[string]string, job string) *Rule {
	for i := range p.Rules {
		if p.Rules[i].Scope.matches(names, labels, job) {
			return &p.Rules[i]
		}
	}
	return nil
}

// origin is whose layer it is; unknown for one that cannot be named.
func (in Input) origin(layer int) image.Origin {
	if layer < 0 || layer >= len(in.Origins) {
		return image.OriginUnknown
	}
	return in.Origins[layer]
}

// undecided is the decision when no rule matches: the policy does not say
// what to do, which is no reason to pass.
func undecided(in Input) Decision {
	reason := fmt.Sprintf("no rule of the policy matches image %s: add a rule for it, or a last one without a scope",
		shown(in.Image))
	d := Decision{
		Findings:   slices.Clone(in.Findings),
		Action:     finding.Block,
		Incomplete: true,
		ExitCode:   ExitIncomplete,
		Reasons:    []string{reason},
	}
	for i := range d.Findings {
		d.Findings[i].Verdict = finding.Verdict{Action: finding.Alert, Reason: "no rule of the policy matches the image"}
	}
	return d
}

// answer is what one thing means for the image, and why.
type answer struct {
	action finding.Action // ignore where it is only said
	reason string
}

// conclude makes the image's verdict of what was found and of the gaps.
func (d *Decision) conclude(found, gaps []answer) {
	d.Action = finding.Pass
	for _, a := range found {
		if strictness(a.action) > strictness(d.Action) {
			d.Action = a.action
		}
	}
	if d.Action == finding.Block {
		d.ExitCode = ExitBlock
	}
	for _, a := range gaps {
		if a.action == finding.Block {
			d.Incomplete = true
			if d.ExitCode == ExitPass {
				d.ExitCode = ExitIncomplete
			}
		}
		if strictness(a.action) > strictness(d.Action) {
			d.Action = a.action
		}
	}
	all := append(found, gaps...)
	slices.SortStableFunc(all, func(a, b answer) int { return strictness(b.action) - strictness(a.action) })
	for _, a := range all {
		d.Reasons = append(d.Reasons, a.reason)
	}
	if len(all) == 0 {
		d.Reasons = []string{"nothing was found"}
	}
}
