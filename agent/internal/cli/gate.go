package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/scan"
)

// gateFlags are the flags of a gate.
type gateFlags struct {
	policy string
	job    string
	reportFlags
}

func (a *app) gateCommand() *cobra.Command {
	var f gateFlags
	c := &cobra.Command{
		Use:   "gate RESULT",
		Short: "Decide about a result by a policy: the step that stops a pipeline",
		Long: `Gate reads a result, as "layergate scan -o json=FILE" writes it, lets the policy decide
anew about everything that was found, says why, and ends with the verdict's exit
code. What the result itself says of verdicts does not count. RESULT may be - for
stdin.

With it a pipeline can first write all its reports ("layergate scan --no-gate") and
then stop. A scan that could not be completed stops it under any policy.

Reports (--output FORMAT or FORMAT=FILE, as often as needed; without any, what to
change and the verdict on stdout):
` + formatHelp() + "\n" + exitCodeHelp,
		Example: `  layergate scan IMAGE --no-gate -o json=result.json -o junit=junit.xml
  layergate gate result.json --policy policy.yaml`,
		Args: exactly(1, "one result"),
		RunE: func(_ *cobra.Command, args []string) error { return a.gate(args[0], f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.policy, "policy", "p", "", policyHelp)
	flags.StringVar(&f.job, "job", "", jobHelp)
	f.reportFlags.add(flags)
	return c
}

func (a *app) gate(path string, f gateFlags) error {
	rs, err := a.newReports(f.reportFlags, path, f.policy)
	if err != nil {
		return err
	}
	if f.nothingAsked() {
		rs.outputs = nil
	}
	if path == "-" && f.policy == "-" {
		return errors.New("both the result and the policy are to be read from stdin: name a file for one")
	}
	text, err := a.readPolicy(f.policy)
	if err != nil {
		return err
	}
	p, err := text.parse()
	if err != nil {
		return err
	}
	r, err := a.readResult(path)
	if err != nil {
		return err
	}
	r.Policy = result.Policy{Location: text.location, Digest: text.digest()}
	scan.Decide(r, p, a.job(f.job), a.now())
	if err := oneLine(a.sayVerdict(rs, r), a.write(rs, r)); err != nil {
		return err
	}
	if r.Verdict.ExitCode != int(ExitPass) {
		return decided{ExitCode(r.Verdict.ExitCode)}
	}
	return nil
}

// sayVerdict says on stdout what the gate decided, unless a report goes there.
func (a *app) sayVerdict(rs reports, r *result.Result) error {
	if rs.toStdout() != nil {
		return nil
	}
	var o report.Options
	o.Color, o.Hyperlinks, o.Width = a.look(a.stdout)
	if err := report.WriteVerdict(a.stdout, r, o); err != nil {
		return fmt.Errorf("writing the verdict: %w", err)
	}
	return nil
}

// job is the pipeline's job: as the flag says, or the pipeline's own variable.
func (a *app) job(flag string) string {
	return cmp.Or(flag, a.env("CI_JOB_NAME"), a.env("JOB_NAME"), a.env("GITHUB_JOB"))
}
