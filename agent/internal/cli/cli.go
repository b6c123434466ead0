// Package cli is the command line: commands, flags, the pipeline's environment
// and the exit codes. It is the only place that wires the other packages
// together, and the only one that looks at the environment; what it needs of
// the process (arguments, environment, streams) it is handed by main.
//
// Reports go to stdout or to files, everything else to stderr: logs (logrus,
// quiet unless something is wrong or -v asks for more), a progress line if
// stderr is a terminal, and one line that begins with "layergate: " for
// whatever ends a command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/policy"
	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/scan"
)

// ExitCode is what a pipeline sees of a command.
type ExitCode int

// The exit codes. 2 is for the policy's "no" alone: a wrong flag, a missing
// file or an unreachable registry is 1.
const (
	ExitPass       ExitCode = policy.ExitPass       // 0: the policy lets the image pass, alerts included
	ExitIncomplete ExitCode = policy.ExitIncomplete // 1: not completed, or not to be trusted
	ExitBlock      ExitCode = policy.ExitBlock      // 2: the policy blocks the image
)

// exitCodeHelp is part of --help.
const exitCodeHelp = `Exit codes:
  0  pass: the policy lets the image through (there may be alerts)
  1  the command could not be completed, or its result cannot be trusted:
     a wrong flag, an unreadable image, a gap that the policy does not accept
  2  the policy blocks the image`

// app is one run of the programme.
type app struct {
	env            func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *logrus.Logger
	now            func() time.Time
	scan           func(context.Context, scan.Options) (*result.Result, error) // scan.Run; tests have others

	verbose   int
	quiet     bool
	noColor   bool
	logFormat string
}

// Main runs one command line, args being what follows the programme's name,
// and returns its exit code. env looks up an environment variable. Cancelling
// ctx ends the command with ExitIncomplete.
func Main(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) ExitCode {
	a := &app{env: env, stdin: stdin, stdout: stdout, stderr: stderr, log: logrus.New(), now: time.Now, scan: scan.Run}
	a.log.SetOutput(stderr)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.end(root.ExecuteContext(ctx))
}

// decided is how a command ends that worked and has more to say than 0.
type decided struct{ code ExitCode }

func (d decided) Error() string { return "exit code " + strconv.Itoa(int(d.code)) }

// end turns a command's error into an exit code, and says what went wrong.
func (a *app) end(err error) ExitCode {
	var d decided
	switch {
	case err == nil:
		return ExitPass
	case errors.As(err, &d):
		return d.code
	}
	a.say(logrus.ErrorLevel, err.Error())
	return ExitIncomplete
}

// say writes to stderr how a command ends: one line for each line of the
// message (a policy's problems have one each). It may name things from an
// image, so it is escaped.
func (a *app) say(level logrus.Level, message string) {
	if a.logFormat == "json" {
		a.log.Log(level, message)
		return
	}
	for line := range strings.Lines(message) {
		fmt.Fprintf(a.stderr, "layergate: %s\n", report.EscapeTerminal(strings.TrimSuffix(line, "\n")))
	}
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "layergate",
		Short: "Scan container images in a pipeline, and say which layer brought each finding in",
		Long: `Layergate reads the image that a pipeline has just built, says which layer (and so
which Dockerfile instruction) brought each vulnerability in, and decides by a
policy whether the image passes.

` + exitCodeHelp,
		Example: `  layergate scan shop.tar
  layergate scan registry.example.com/shop/web:1.2 --policy policy.yaml -o json=result.json -o table
  layergate policy check policy.yaml`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.setUpLog() },
	}
	group(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.CountVarP(&a.verbose, "verbose", "v", "log what is being done; twice for more")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no progress line, no log below errors")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours (as does a NO_COLOR variable)")
	flags.StringVar(&a.logFormat, "log-format", "text", "how to log to stderr: text or json")
	root.AddCommand(a.scanCommand(), a.reportCommand(), a.gateCommand(), a.noteCommand(), a.dbCommand(), a.policyCommand(), a.versionCommand())
	return root
}

// group makes c a command that only has others. Without one of them it fails:
// in a pipeline a forgotten word must not look like a pass.
func group(c *cobra.Command) {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("no command was given (see %s --help)", c.CommandPath())
		}
		return fmt.Errorf("unknown command %q (see %s --help)", args[0], c.CommandPath())
	}
	c.RunE = func(*cobra.Command, []string) error { return nil }
}

// commandName is a command without the programme: "note gitlab".
func commandName(c *cobra.Command) string {
	_, name, _ := strings.Cut(c.CommandPath(), " ")
	return name
}

// exactly wants n arguments, named for people.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s wants %s, got %d arguments (see %s --help)", commandName(c), what, len(args), c.CommandPath())
		}
		return nil
	}
}
