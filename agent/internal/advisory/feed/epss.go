package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// FIRST's exploit prediction scores, as published daily at
// https://epss.cyentia.com/epss_scores-YYYY-MM-DD.csv.gz
// (format: https://www.first.org/epss/data_stats): a comment with the date,
// a line of column names, then "CVE-…,score,percentile". Only the compressed
// form is taken: it ends in a checksum, while lines that were cut off at the
// end of a plain file would not be missed.
const (
	epssColumns = "cve,epss,percentile"
	epssMaxLine = 1024
)

func claimEPSS(p string) (string, bool) {
	base := path.Base(p)
	return "FIRST EPSS", strings.HasPrefix(base, "epss") && strings.HasSuffix(base, ".csv.gz")
}

func readEPSS(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	f, err := fsys.Open(u.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return broken(u.Path, err)
	}
	if err := epssLines(ctx, r, out); err != nil {
		return broken(u.Path, err)
	}
	return nil
}

func epssLines(ctx context.Context, r io.Reader, out Sink) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, epssMaxLine), epssMaxLine)
	pace := every{ctx: ctx}
	columns := false
	for lines.Scan() {
		if err := pace.check(); err != nil {
			return err
		}
		line := strings.TrimSuffix(lines.Text(), "\r")
		switch {
		case strings.HasPrefix(line, "#"):
			if err := epssDate(line, out); err != nil {
				return err
			}
		case !columns:
			if line != epssColumns {
				return fmt.Errorf("the columns are not %q", epssColumns)
			}
			columns = true
		default:
			if err := epssScore(line, out); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if !columns {
		return errors.New("no scores in it")
	}
	return nil
}

// epssDate reads "#model_version:v2025.03.14,score_date:2025-06-01T00:00:00+0000".
func epssDate(comment string, out Sink) error {
	for field := range strings.SplitSeq(strings.TrimPrefix(comment, "#"), ",") {
		value, ok := strings.CutPrefix(field, "score_date:")
		if !ok {
			continue
		}
		if len(value) > len("2006-01-02") { // the time of day is always midnight
			value = value[:len("2006-01-02")]
		}
		t, err := day(value)
		if err != nil {
			return fmt.Errorf("score_date: %w", err)
		}
		out.Date(t)
	}
	return nil
}

func epssScore(line string, out Sink) error {
	cve, rest, _ := strings.Cut(line, ",")
	number, _, _ := strings.Cut(rest, ",")
	score, err := strconv.ParseFloat(number, 64)
	if err != nil || !(score >= 0 && score <= 1) || !IsCVE(cve) {
		out.Skip("bad line", clip(cve))
		return nil
	}
	return out.Facts(cve, advisory.Facts{EPSS: score, HasEPSS: true})
}
