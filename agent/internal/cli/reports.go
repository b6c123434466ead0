package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"github.com/layergate/layergate/agent/internal/dockerfile"
	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/agent/internal/result"
)

// reportFlags say which reports to write, and what a report needs to know that
// no result has. Every command that writes reports has them.
type reportFlags struct {
	outputs            []string
	format             string
	template           string
	defaultBranchImage string
	dockerfile         string
	annotations        string
}

func (f *reportFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "write a report, to stdout or to a file: `FORMAT[=FILE]`")
	flags.StringVar(&f.format, "format", "", "write a report to stdout: the same as --output `FORMAT`")
	flags.StringVar(&f.template, "template", "", "the Go template `FILE` of the format template")
	flags.StringVar(&f.dockerfile, "dockerfile", "", "the `FILE` that the image was built from: findings are shown at its lines")
	flags.StringVar(&f.defaultBranchImage, "default-branch-image", "", "the default branch's `IMAGE`, by which GitLab compares (for the format gitlab)")
	flags.StringVar(&f.annotations, "annotations", "", "also print log commands to stdout, in the `DIALECT` of "+strings.Join(report.Annotations, " or "))
}

// nothingAsked says that no report was asked for. Then there is a table, or
// what a command has in its place.
func (f *reportFlags) nothingAsked() bool {
	return len(f.outputs) == 0 && f.format == "" && f.template == ""
}

// formatHelp lists the formats for --help.
func formatHelp() string {
	var b strings.Builder
	for _, f := range report.Formats {
		fmt.Fprintf(&b, "  %-14s %s\n", f.Name, f.Description)
	}
	return b.String()
}

// reports is what reportFlags ask for, checked and read: all that can fail
// before there is a result has not failed.
type reports struct {
	outputs     []output
	options     report.Options
	annotations string
	dockerfile  string // its text; "" where none was given
	path        string // the Dockerfile's, as reports show it
}

// maxText bounds a template and a Dockerfile.
const maxText = 4 << 20

// newReports checks and reads what the flags ask for. No report may be written
// over one of the inputs.
func (a *app) newReports(f reportFlags, inputs ...string) (reports, error) {
	rs := reports{annotations: f.annotations, options: report.Options{DefaultBranchImage: f.defaultBranchImage}}
	values := f.outputs
	if f.format != "" {
		values = append(values, f.format)
	}
	var err error
	if rs.outputs, err = parseOutputs(values); err != nil {
		return rs, err
	}
	if err := keepInputs(rs.outputs, append(inputs, f.template, f.dockerfile)); err != nil {
		return rs, err
	}
	if err := a.readTemplate(&rs, f, len(values) == 0); err != nil {
		return rs, err
	}
	if f.dockerfile != "" {
		rs.path = a.inRepository(f.dockerfile)
		if rs.dockerfile, err = readText(f.dockerfile); err != nil {
			return rs, fmt.Errorf("reading the Dockerfile: %w", err)
		}
	}
	return rs, rs.checkAnnotations()
}

// keepInputs refuses to write over a file that is read.
func keepInputs(outputs []output, inputs []string) error {
	for _, in := range inputs {
		read, err := os.Stat(in)
		if err != nil || !read.Mode().IsRegular() {
			continue // reading it will say what is wrong
		}
		for _, out := range outputs {
			if written, err := os.Stat(out.file); err == nil && os.SameFile(read, written) {
				return fmt.Errorf("--output %s=%s would write over %s, which is read: name another file", out.format.Name, out.file, in)
			}
		}
	}
	return nil
}

// readTemplate reads the template. Without an output that is to have it, it is
// for stdout; there it takes the place of the table that nobody asked for.
func (a *app) readTemplate(rs *reports, f reportFlags, nothingAsked bool) error {
	wanted := slices.ContainsFunc(rs.outputs, func(o output) bool { return o.format.Name == "template" })
	switch {
	case f.template == "" && wanted:
		return fmt.Errorf("the format template needs a template: --template FILE")
	case f.template == "":
		return nil
	}
	text, err := readText(f.template)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	rs.options.Template = text
	if wanted {
		return nil
	}
	if nothingAsked {
		rs.outputs = nil
	}
	if rs.toStdout() != nil {
		return fmt.Errorf("--template %s: another report goes to stdout already; name a file: --output template=FILE", f.template)
	}
	format, err := report.Find("template")
	rs.outputs = append(rs.outputs, output{format: format})
	return err
}

// checkAnnotations refuses log commands in the middle of something that is not
// read by people.
func (rs reports) checkAnnotations() error {
	if rs.annotations == "" {
		return nil
	}
	if !slices.Contains(report.Annotations, rs.annotations) {
		return fmt.Errorf("unknown dialect of annotations %q (want one of: %s)", rs.annotations, strings.Join(report.Annotations, ", "))
	}
	if o := rs.toStdout(); o != nil && o.format.Name != "table" && o.format.Name != "text" {
		return fmt.Errorf("--annotations go to stdout, where the %s report goes too; name a file: --output %s=FILE", o.format.Name, o.format.Name)
	}
	return nil
}

// toStdout is the output that goes to stdout, if one does.
func (rs reports) toStdout() *output {
	for i := range rs.outputs {
		if rs.outputs[i].file == "" {
			return &rs.outputs[i]
		}
	}
	return nil
}

// write writes all that was asked for. What fails does not keep the rest from
// being written.
func (a *app) write(rs reports, r *result.Result) error {
	a.locate(rs, r)
	err := a.writeReports(rs.outputs, r, rs.options)
	if rs.annotations == "" {
		return err
	}
	if failed := report.Annotate(a.stdout, rs.annotations, r); failed != nil {
		err = oneLine(err, fmt.Errorf("writing annotations: %w", failed))
	}
	return err
}

// locate finds the instructions in the Dockerfile, if one was given. One that
// cannot be read takes lines from the reports and nothing from the verdict, so
// it ends no scan.
func (a *app) locate(rs reports, r *result.Result) {
	if rs.path == "" || len(r.Layers) == 0 {
		return
	}
	places, err := dockerfile.Locate(r.Layers, rs.path, strings.NewReader(rs.dockerfile))
	if err != nil {
		a.say(logrus.WarnLevel, fmt.Sprintf("findings are shown without their lines: reading the Dockerfile %s: %v", rs.path, err))
		return
	}
	found := false
	for i, p := range places {
		r.Layers[i].Dockerfile = p
		found = found || p != nil
	}
	if !found {
		a.say(logrus.WarnLevel, fmt.Sprintf("findings are shown without their lines: no instruction of the image is in %s; is it another image's?", rs.path))
	}
}

// inRepository is a file's name as reports show it: relative to the
// repository's root, which a pipeline names, with slashes.
func (a *app) inRepository(file string) string {
	root := cmp.Or(a.env("CI_PROJECT_DIR"), a.env("GITHUB_WORKSPACE"), a.env("WORKSPACE"), ".")
	base, err := filepath.Abs(root)
	if err != nil {
		return filepath.ToSlash(filepath.Clean(file))
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return filepath.ToSlash(filepath.Clean(file))
	}
	if rel, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(filepath.Clean(file))
}

func readText(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(text) > maxText {
		return "", fmt.Errorf("%s has more than %d MiB", file, maxText>>20)
	}
	return string(text), err
}
