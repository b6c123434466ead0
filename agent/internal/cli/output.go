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
	format report.Format
	file   string // empty: stdout; of a report that is a folder, that folder
}

// parseOutputs reads the values of --output, FORMAT or FORMAT=FILE. None at
// all is a table on stdout. What could only fail after the scan, a folder that
// is not there, fails here.
func parseOutputs(values []string) ([]output, error) {
	if len(values) == 0 {
		values = []string{"table"}
	}
	outputs := make([]output, 0, len(values))
	taken := make(map[string]string) // who writes to a file, by its path
	for _, v := range values {
		name, file, named := strings.Cut(v, "=")
		format, err := report.Find(name)
		if err != nil {
			return nil, err
		}
		if named && file == "" {
			return nil, fmt.Errorf("--output %s: the file has no name", v)
		}
		if file == "-" || file == "/dev/stdout" {
			file = "" // written to, not replaced
		}
		if file == "" && format.Files != nil {
			return nil, fmt.Errorf("--output %s: this report is a folder, say which: --output %s=FOLDER", v, name)
		}
		place, err := placeOf(file, format.Files != nil)
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
func placeOf(file string, folder bool) (string, error) {
	if file == "" {
		return "stdout", nil
	}
	switch info, err := os.Stat(file); {
	case err == nil && info.IsDir() && !folder:
		return "", errors.New("is a folder, name a file in it")
	case err == nil && !info.IsDir() && folder:
		return "", errors.New("is a file, name a folder")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("there is no folder %s: make it first", filepath.Dir(file))
	}
	return filepath.Join(parent, filepath.Base(path)), nil
}

// writeReports writes all outputs, stdout last. One that fails does not keep
// the others from being written.
func (a *app) writeReports(outputs []output, r *result.Result, o report.Options) error {
	var failed []error
	for _, out := range outputs {
		if out.file != "" {
			if err := out.save(r, o); err != nil {
				failed = append(failed, fmt.Errorf("writing the %s report to %s: %w", out.format.Name, out.file, err))
			}
		}
	}
	o.Color, o.Hyperlinks, o.Width = a.look(a.stdout)
	for _, out := range outputs {
		if out.file == "" {
			if err := out.format.Write(a.stdout, r, o); err != nil {
				failed = append(failed, fmt.Errorf("writing the %s report: %w", out.format.Name, err))
			}
		}
	}
	return oneLine(failed...)
}

// save writes one report to its file or folder. The page of a folder comes
// last, so that it is never there without what it needs.
func (out output) save(r *result.Result, o report.Options) error {
	if out.format.Files == nil {
		return writeFile(out.file, func(w io.Writer) error { return out.format.Write(w, r, o) })
	}
	files, err := out.format.Files(r, o)
	if err != nil {
		return err
	}
	if err := os.Mkdir(out.file, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, f := range files {
		write := func(w io.Writer) error { _, err := w.Write(f.Data); return err }
		if err := writeFile(filepath.Join(out.file, f.Name), write); err != nil {
			return err
		}
	}
	return nil
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
// as it is, and so is what a process has open (/dev/stderr).
func writeFile(name string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(name); err == nil && (!info.Mode().IsRegular() || isOpen(name)) {
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

// isOpen says whether a name leads to a file that a process has open. Such a
// link must not be replaced: whoever opened the file would get nothing.
func isOpen(name string) bool {
	for range 10 { // links to links
		folder, err := filepath.EvalSymlinks(filepath.Dir(name))
		if err != nil {
			return false
		}
		if strings.HasPrefix(folder, "/proc/") {
			return true
		}
		to, err := os.Readlink(name)
		if err != nil {
			return false
		}
		if name = to; !filepath.IsAbs(to) {
			name = filepath.Join(folder, to)
		}
	}
	return false
}

func writeSpecial(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
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
