package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/layergate/layergate/agent/internal/report"
)

// rows prints a table of which every cell is escaped, since all of it may come
// from anyone's index.
type rows struct{ *tabwriter.Writer }

func newRows(w io.Writer) rows { return rows{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

func (r rows) add(cells ...string) {
	for i, c := range cells {
		cells[i] = report.EscapeTerminal(c)
	}
	for len(cells) > 1 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	fmt.Fprintln(r, strings.Join(cells, "\t"))
}
