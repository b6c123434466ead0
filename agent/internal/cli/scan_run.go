package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/scan"
	"github.com/layergate/layergate/agent/internal/source"
)

// runScan scans, writes the reports and says by its error how it ended. A scan
// that fails still writes the files that were asked for, marked incomplete, so
// that whoever reads them does not take an old one for today's.
func (a *app) runScan(ctx context.Context, image string, f scanFlags) error {
	rs, err := a.newReports(f.reportFlags, image, afterPrefix(image), f.policy)
	if err != nil {
		return err
	}
	o := scan.Options{Reference: image, Version: version(), Verify: f.verify}
	r, err := a.scanImage(ctx, &o, f)
	if err != nil {
		err = explain(ctx, err, f)
		if f.nothingAsked() {
			rs.outputs = nil // no table that nobody asked for
		}
		if r == nil {
			r = notBegun(o, err)
		}
		return oneLine(err, a.write(rs, r))
	}
	if err := a.write(rs, r); err != nil {
		return err
	}
	if r.Verdict.ExitCode == int(ExitPass) {
		return nil
	}
	if out := rs.toStdout(); !a.quiet && (out == nil || out.format.Name != "table") {
		a.say(logrus.WarnLevel, r.Image.Name+": "+verdictLine(r.Verdict))
	}
	return ending(r.Verdict, f.noGate)
}

// ending is how a scan with something to say ends. One that leaves the decision
// to a gate ends well though the policy blocks, but never though the scan is
// incomplete.
func ending(v result.Verdict, noGate bool) error {
	switch {
	case noGate && v.Incomplete:
		return decided{ExitIncomplete}
	case noGate && v.ExitCode == int(ExitBlock):
		return nil
	}
	return decided{ExitCode(v.ExitCode)}
}

// afterPrefix is what follows a source's prefix: the path in "oci-archive:shop.tar".
func afterPrefix(image string) string {
	_, rest, _ := strings.Cut(image, ":")
	return rest
}

// scanImage puts the options together and scans. What it has found out by the
// time that something fails is in o.
func (a *app) scanImage(ctx context.Context, o *scan.Options, f scanFlags) (*result.Result, error) {
	var err error
	if o.Created, err = a.created(); err != nil {
		return nil, err
	}
	o.Now = a.now()
	if o.Source, err = a.sourceOptions(f); err != nil {
		return nil, err
	}
	o.TempDir = o.Source.TempDir
	o.Job = a.job(f.job)

	text, err := a.readPolicy(f.policy)
	if err != nil {
		return nil, err
	}
	o.PolicyLocation, o.PolicyDigest = text.location, text.digest()
	if o.Policy, err = text.parse(); err != nil {
		return nil, err
	}
	o.Index, o.IndexLocation, err = a.openIndex(ctx, f.indexFlags)
	if err != nil {
		return nil, err
	}
	defer o.Index.Close()
	a.log.WithFields(logrus.Fields{"policy": o.PolicyLocation, "index": o.IndexLocation, "job": o.Job}).Info("scanning " + o.Reference)

	progress := a.newProgress()
	o.Progress = progress.show
	defer progress.clear()
	r, err := a.scan(ctx, *o)
	if r != nil && r.Image.Source != "" {
		a.log.WithFields(logrus.Fields{"source": r.Image.Source, "location": r.Image.Location, "layers": len(r.Layers), "packages": len(r.Packages)}).
			Info("scanned " + o.Reference)
	}
	return r, err
}

func (a *app) sourceOptions(f scanFlags) (source.Options, error) {
	authorities, err := f.authorities()
	return source.Options{
		Platform:  f.platform,
		Insecure:  f.insecure,
		CACert:    authorities,
		Env:       a.env,
		TempDir:   cmp.Or(f.tempDir, a.env("TMPDIR")),
		UserAgent: "layergate/" + version(),
	}, err
}

// explain says of a cancelled scan who cancelled it.
func explain(ctx context.Context, err error, f scanFlags) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the scan was not done within --timeout %s: %w", f.timeout, err)
	case ctx.Err() != nil:
		return fmt.Errorf("the scan was interrupted: %w", err)
	}
	return err
}

// notBegun is the result of a scan that failed before anything was opened.
func notBegun(o scan.Options, err error) *result.Result {
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	return &result.Result{
		SchemaVersion: result.SchemaVersion,
		Tool:          result.Tool{Name: "layergate", Version: o.Version},
		Created:       o.Created,
		Image:         result.Image{Name: o.Reference},
		Failed:        reason,
		Database:      result.Database{Location: o.IndexLocation},
		Policy:        result.Policy{Location: o.PolicyLocation, Digest: o.PolicyDigest},
		Incomplete:    []finding.Gap{{Kind: finding.Unreadable, Subject: o.Reference, Reason: reason, Layer: -1}},
		Verdict: result.Verdict{
			Action: finding.Block, Incomplete: true, ExitCode: int(ExitIncomplete),
			Reasons: []string{"the scan could not be begun: " + reason},
		},
	}
}

// verdictLine is the verdict for those who see no table.
func verdictLine(v result.Verdict) string {
	word := "blocked"
	if v.ExitCode == int(ExitIncomplete) {
		word = "incomplete"
	}
	switch len(v.Reasons) {
	case 0:
		return word
	case 1:
		return word + ": " + v.Reasons[0]
	}
	return fmt.Sprintf("%s: %s (and %d more reasons)", word, v.Reasons[0], len(v.Reasons)-1)
}
