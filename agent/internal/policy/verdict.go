package policy

import (
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// verdict is the rule's answer for one finding, exceptions aside.
func (r *Rule) verdict(f finding.Finding, origin image.Origin) finding.Verdict {
	if f.Kind == finding.Vulnerability {
		return r.vulnerability(f, origin)
	}
	action, reason := act(r.actions(f.Kind), f.Kind, f.Severity)
	return finding.Verdict{Action: action, Rule: r.Name, Reason: reason}
}

// actions are the rule's actions for a kind of finding.
func (r *Rule) actions(k finding.Kind) Actions {
	switch k {
	case finding.Vulnerability:
		return r.Vulnerabilities.Actions
	case finding.Misconfiguration:
		return r.Misconfigurations
	case finding.Secret:
		return r.Secrets
	case finding.Malware:
		return r.Malware
	case finding.WeakPassword:
		return r.WeakPasswords
	case finding.Exposure:
		return r.Exposures
	}
	return Actions{} // a kind of a later version: alert, like all that a rule does not mention
}

// vulnerability goes from the strongest statement to the weakest: block-if,
// then the action for the severity, which the base image's replaces, and
// which only-fixed then softens.
func (r *Rule) vulnerability(f finding.Finding, origin image.Origin) finding.Verdict {
	v := finding.Verdict{Rule: r.Name}
	if why := r.Vulnerabilities.BlockIf.applies(f); why != "" {
		v.Action, v.Reason = finding.Block, why
		return v
	}
	v.Action, v.Reason = act(r.Vulnerabilities.Actions, f.Kind, f.Severity)
	if a, ok := r.Vulnerabilities.BaseImage[f.Severity]; ok && origin == image.OriginBase {
		v.Action = a
		v.Reason = fmt.Sprintf("%s, in the base image: the rule %s %s findings there", f.Severity, verb(a), f.Severity)
	}
	if v.Action != finding.Block {
		return v
	}
	if r.Vulnerabilities.OnlyFixed && f.FixState != finding.Fixed {
		v.Action = finding.Alert
		v.Reason = fmt.Sprintf("%s, but %s: only-fixed turns block into alert", f.Severity, noFix(f.FixState))
		return v
	}
	if f.FixState == finding.Fixed {
		fixed := "fixed"
		if len(f.FixedIn) > 0 {
			fixed += " in " + shown(f.FixedIn[0])
		}
		v.Reason = strings.Replace(v.Reason, f.Severity.String(), f.Severity.String()+" and "+fixed, 1)
	}
	return v
}

// applies is why a vulnerability blocks by itself; empty if it does not.
func (b BlockIf) applies(f finding.Finding) string {
	if b.KnownExploited && f.KnownExploited {
		return fmt.Sprintf("known to be exploited (%s): block-if blocks that whatever the severity and fix", f.Severity)
	}
	if b.EPSSAtLeast != nil && f.EPSS != nil && *f.EPSS >= *b.EPSSAtLeast {
		return fmt.Sprintf("EPSS %.3g (%s): block-if blocks from %.3g on, whatever the severity and fix",
			*f.EPSS, f.Severity, *b.EPSSAtLeast)
	}
	return ""
}

// act is the action for a severity, and why.
func act(a Actions, k finding.Kind, s finding.Severity) (finding.Action, string) {
	action, line, written := a.For(s)
	what := plural(k, 2)
	switch {
	case !written:
		return action, fmt.Sprintf("%s: the rule does not mention %s %s, which alerts", s, s, what)
	case a.All != "":
		return action, fmt.Sprintf("%s: the rule %s all %s", s, verb(action), what)
	case line > s:
		return action, fmt.Sprintf("%s: the rule %s %s %s, which are worse", s, verb(action), line, what)
	case line < s:
		return action, fmt.Sprintf("%s: the rule %s %s %s and worse", s, verb(action), line, what)
	}
	return action, fmt.Sprintf("%s: the rule %s %s %s", s, verb(action), s, what)
}

// verb is what a rule does by an action.
func verb(a finding.Action) string {
	switch a {
	case finding.Block:
		return "blocks"
	case finding.Ignore:
		return "ignores"
	}
	return "alerts on"
}

// noFix says why there is nothing to update to.
func noFix(s finding.FixState) string {
	switch s {
	case finding.NotFixed:
		return "no fix is available"
	case finding.WillNotFix:
		return "the vendor will not fix it"
	}
	return "it is not known whether there is a fix"
}
