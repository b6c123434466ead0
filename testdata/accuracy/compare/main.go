// Command compare lists every difference between what Layergate and
// osv-scanner find in the same image with the same advisories. It is the second
// half of ../osv-scanner.sh.
//
//	compare -reasons reasons.tsv NAME layergate.json osv-scanner.json
//
// A difference is one package's version and one advisory's id that only one of
// them names. Each needs a reason: a line of reasons.tsv, or that
// Layergate knows the package by the distro package that owns its files. With a
// difference that has none, the exit code is 1.
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

func main() {
	reasons := flag.String("reasons", "", "the `file` of known reasons")
	flag.Parse()
	if flag.NArg() != 3 {
		fmt.Fprintln(os.Stderr, "usage: compare -reasons FILE NAME LAYERGATE.JSON OSV-SCANNER.JSON")
		os.Exit(1)
	}
	unexplained, err := run(os.Stdout, *reasons, flag.Arg(0), flag.Arg(1), flag.Arg(2))
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	if unexplained > 0 {
		fmt.Fprintf(os.Stderr, "compare: %s: %d differences without a reason in %s\n", flag.Arg(0), unexplained, *reasons)
		os.Exit(1)
	}
}

// run returns the number of differences without a reason.
func run(w io.Writer, reasonsFile, name, ours, theirs string) (int, error) {
	known, err := readFile(reasonsFile, readReasons)
	if err != nil {
		return 0, err
	}
	a, err := readFile(ours, readLayergate)
	if err != nil {
		return 0, err
	}
	b, err := readFile(theirs, readOSVScanner)
	if err != nil {
		return 0, err
	}
	return report(w, name, compare(a, b), known)
}

func readFile[T any](name string, read func(io.Reader) (T, error)) (T, error) {
	f, err := os.Open(name)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	v, err := read(bufio.NewReader(f))
	if err != nil {
		err = fmt.Errorf("reading %s: %w", name, err)
	}
	return v, err
}

// comparison is what two scans of one image have in common, and what not.
type comparison struct {
	ours, theirs, both int // pairs
	differences        []difference
}

// difference is a pair that only one of the two scanners names.
type difference struct {
	side string // who names it: "layergate" or "osv-scanner"
	pair
	listed bool   // the other one lists the package
	owner  string // the distro package that Layergate says the package is of
}

func compare(ours, theirs scan) comparison {
	c := comparison{ours: len(ours.found), theirs: len(theirs.found)}
	for p := range ours.found {
		if theirs.found[p] {
			c.both++
			continue
		}
		_, listed := theirs.packages[p.installed]
		c.differences = append(c.differences, difference{side: "layergate", pair: p, listed: listed})
	}
	for p := range theirs.found {
		if !ours.found[p] {
			owner, listed := ours.packages[p.installed]
			c.differences = append(c.differences, difference{side: "osv-scanner", pair: p, listed: listed, owner: owner})
		}
	}
	slices.SortFunc(c.differences, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.side, b.side), cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version), cmp.Compare(a.advisory, b.advisory))
	})
	return c
}

// report writes the counts and then every difference under its reason.
func report(w io.Writer, name string, c comparison, known []reason) (unexplained int, err error) {
	byReason := make(map[string][]difference)
	for _, d := range c.differences {
		why, ok := because(d, known)
		if !ok {
			unexplained++
		}
		byReason[why] = append(byReason[why], d)
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "== %s: layergate %d, osv-scanner %d, both %d, different %d\n", name, c.ours, c.theirs, c.both, len(c.differences))
	byNumber := func(a, b string) int { return cmp.Or(len(byReason[b])-len(byReason[a]), cmp.Compare(a, b)) }
	for _, r := range slices.SortedFunc(maps.Keys(byReason), byNumber) {
		fmt.Fprintf(out, "\n%d: %s\n", len(byReason[r]), r)
		for _, d := range byReason[r] {
			fmt.Fprintf(out, "  only %s\t%s %s\t%s\n", d.side, d.name, d.version, d.advisory)
		}
	}
	return unexplained, out.Flush()
}
