// Command measure runs commands in turn, several rounds of them, and prints
// each one's best and median time, its peak memory, and the ratio of its best
// time to that of the command above it that it is to be compared with.
//
// It reads one command a line, as three fields with tabs between: a name, the
// name to compare with (or "-"), and a line for sh. An exit code above 2 or of
// 1 fails the whole: 2 is a scan that blocks.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

type command struct {
	name, against, line string
	times               []time.Duration
	memory              int64 // the largest of the rounds, in bytes
}

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 5, "how often to run each command; one more comes first and does not count")
	flag.Parse()
	var commands []*command
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fields := strings.SplitN(in.Text(), "\t", 3)
		if len(fields) != 3 {
			log.Fatalf("measure: want three fields, not %q", in.Text())
		}
		commands = append(commands, &command{name: fields[0], against: fields[1], line: fields[2]})
	}
	for round := range *rounds + 1 {
		for _, c := range commands {
			if err := c.run(round > 0); err != nil {
				log.Fatalf("measure: %s: %v", c.name, err)
			}
		}
	}
	print(commands)
}

// run runs the command once. The shell replaces itself with the command, so
// that the memory is the command's own.
func (c *command) run(counts bool) error {
	cmd := exec.Command("sh", "-c", c.line)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 2 && err != nil {
		return fmt.Errorf("%w\n%s", err, stderr.String())
	}
	if !counts {
		return nil
	}
	c.times = append(c.times, took)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = max(c.memory, usage.Maxrss<<10)
	}
	return nil
}

func (c *command) best() time.Duration { return slices.Min(c.times) }

func print(commands []*command) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tbest\tmedian\tpeak memory\tratio\t")
	for _, c := range commands {
		slices.Sort(c.times)
		ratio := ""
		for _, other := range commands {
			if other.name == c.against {
				ratio = fmt.Sprintf("%.2f × %s", c.best().Seconds()/other.best().Seconds(), other.name)
			}
		}
		fmt.Fprintf(w, "%s\t%.3f s\t%.3f s\t%d MB\t%s\t\n", c.name, c.best().Seconds(), c.times[len(c.times)/2].Seconds(), c.memory>>20, ratio)
	}
	w.Flush()
}
