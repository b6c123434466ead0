package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/result"
)

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report RESULT",
		Short: "Make any report of a result, without scanning again",
		Long: `Report reads a result, as "layergate scan -o json=FILE" writes it, and makes reports of
it: the same bytes each time. RESULT may be - for stdin.

Reports (--output FORMAT or FORMAT=FILE, as often as needed; without any, a
table on stdout):
` + formatHelp() + `
Exit codes: 0 if all reports were written, whatever the verdict in them; 1 if not.`,
		Example: `  layergate report result.json -o html=report.html -o sarif=layergate.sarif --dockerfile Dockerfile`,
		Args:    exactly(1, "one result"),
		RunE: func(_ *cobra.Command, args []string) error {
			rs, err := a.newReports(f, args[0])
			if err != nil {
				return err
			}
			r, err := a.readResult(args[0])
			if err != nil {
				return err
			}
			return a.write(rs, r)
		},
	}
	c.Flags().SortFlags = false
	f.add(c.Flags())
	return c
}

// readResult reads a result of a file, or of stdin ("-").
func (a *app) readResult(path string) (*result.Result, error) {
	in, name := a.stdin, "stdin"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("opening the result: %w", err)
		}
		defer f.Close()
		in, name = f, path
	}
	r, err := result.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
