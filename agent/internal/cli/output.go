package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/agent/internal/result"
)

// output is one report that was asked for.
type output struct {
	format string
	file   string // empty: stdout
}

// parseOutputs reads the values of --output, FORMAT or FORMAT=FILE. None at
// all is a table on stdout. What could only fail after the scan, a folder that
// is not there, fails here.
func parseOutputs(values []string) ([]output, error) {
	if len(values) == 0 {
		return []output{{format: "table"}}, nil
	}
	outputs := make([]output, 0, len(values))
	taken := make(map[string]string) // who writes to a file, by its path
	for _, v := range values {
		format, file, named := strings.Cut(v, "=")
		if err := report.Check(format); err != nil {
			return nil, err
		}
		if named && file == "" {
			return nil, fmt.Errorf("--output %s: the file has no name", v)
		}
		if file == "-" {
			file = ""
		}
		place, err := placeOf(file)
		if err != nil {
			return nil, fmt.Errorf("--output %s: %w", v, err)
		}
		if other, ok := taken[place]; ok {
			return nil, fmt.Errorf("--output %s and --output %s would both write to %s", other, v, place)
		}
		taken[place] = v
		outputs = append(outputs, output{format: format, file: file})
	}
	return outputs, nil
}

// placeOf is where a report to file ends up, whatever it is called.
func placeOf(file string) (string, error) {
	if file == "" {
		return "stdout", nil
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return "", errors.New("is a folder, name a file in it")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("there is no folder %s: make it first", filepath.Dir(file))
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// writeReports writes all outputs, stdout last. One that fails does not keep
// the others from being written.
func (a *app) writeReports(outputs []output, r *result.Result) error {
	var failed []error
	for _, o := range outputs {
		if o.file != "" {
			write := func(w io.Writer) error { return report.Write(w, o.format, r, report.Options{}) }
			if err := writeFile(o.file, write); err != nil {
				failed = append(failed, fmt.Errorf("writing the %s report to %s: %w", o.format, o.file, err))
			}
		}
	}
	for _, o := range outputs {
		if o.file == "" {
			if err := report.Write(a.stdout, o.format, r, a.reportOptions(a.stdout)); err != nil {
				failed = append(failed, fmt.Errorf("writing the %s report: %w", o.format, err))
			}
		}
	}
	return oneLine(failed...)
}

// oneLine is errors.Join on one line.
func oneLine(errs ...error) error {
	var joined error
	for _, err := range errs {
		switch {
		case err == nil:
		case joined == nil:
			joined = err
		default:
			joined = fmt.Errorf("%w; %w", joined, err)
		}
	}
	return joined
}

// writeFile writes a file whole or not at all: under a temporary name beside
// it, then renamed. What is no regular file (/dev/null, a pipe) is written to
// as it is.
func writeFile(name string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return writeSpecial(name, write)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return withoutTemporaryName(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644) // artifacts are read by others than the job's user
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func writeSpecial(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = write(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// withoutTemporaryName keeps a name that nobody knows out of an error.
func withoutTemporaryName(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
