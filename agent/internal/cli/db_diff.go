package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/artifact"
	"github.com/layergate/layergate/agent/internal/advisory/diff"
	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// maxChanges is how many advisories of a kind db diff shows without --all.
const maxChanges = 20

func (a *app) dbDiffCommand() *cobra.Command {
	var format string
	var all bool
	var f indexFlags
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what differs between two indexes",
		Long: `Diff compares index A with the newer B: the sources that came, went or have
another date, how many records and advisories were added, removed and changed, by
ecosystem and severity, and which CVEs are newly known to be exploited or scored
otherwise. A and B are index files, oci:// references, or "embedded" for the index
in the programme.

An advisory is what one record says about one package of one release. Of those
added, removed and changed the ` + fmt.Sprint(maxChanges) + ` worst are shown; --all shows all, in the
index's order. A record that has only been touched has not changed.

--format json has, for machines: a and b (location, digest, built, newest), same,
records, advisories (added, removed, changed), fixes (advisories whose fix is
another), cves (about which more, less or else is known), epssScores (that
changed), ecosystems and severities (name and counts), sources, knownExploited
and noLongerKnownExploited (cve, added), and changes (kind, ecosystem, package,
record, cves, severity, fixes, fixState, the same …Before, what has changed).

Exit codes: 0 if the two could be compared, whether they differ or not; else 1.`,
		Example: `  layergate db diff embedded index.db
  layergate db diff old.db new.db --all --format json
  layergate db diff index.db oci://registry.example.com/layergate/index:latest`,
		Args: exactly(2, "two indexes"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if len(f.verifyKeys) > 0 && !slices.ContainsFunc(args, artifact.IsReference) {
				return errors.New("--verify-key: neither index is in a registry, and only those that are have a signature")
			}
			indexA, err := a.namedIndex(c.Context(), args[0], f)
			if err != nil {
				return err
			}
			defer indexA.Close()
			indexB, err := a.namedIndex(c.Context(), args[1], f)
			if err != nil {
				return err
			}
			defer indexB.Close()
			compared := comparedIndexes{args[0], args[1], indexA, indexB}
			return a.diff(c.Context(), compared, format, all)
		},
	}
	f.addVerifyKey(c.Flags())
	f.registryFlags.add(c.Flags())
	formatFlag(c, &format)
	c.Flags().BoolVar(&all, "all", false, "show every advisory that differs, not only the worst")
	return c
}

// namedIndex opens an index that an argument names.
func (a *app) namedIndex(ctx context.Context, name string, f indexFlags) (*store.Index, error) {
	switch {
	case name == embedded:
		return store.Embedded()
	case artifact.IsReference(name):
		f.db = name
		index, _, err := a.openIndex(ctx, f)
		return index, err
	}
	return store.Open(name)
}

// comparedIndexes are the two indexes and what they were called.
type comparedIndexes struct {
	nameA, nameB string
	a, b         *store.Index
}

func (a *app) diff(ctx context.Context, x comparedIndexes, format string, all bool) error {
	worst := worstChanges{}
	sum, err := diff.Compare(ctx, x.a, x.b, worst.add)
	if err != nil {
		return err
	}
	d := newIndexDiff(x, sum)
	// What differs may be more than fits in memory, and comes after its
	// summary: with --all the indexes are compared once more.
	each := worst.each
	if all {
		each = func(visit func(diff.Change) error) error {
			_, err := diff.Compare(ctx, x.a, x.b, visit)
			return err
		}
	}
	out := bufio.NewWriter(a.stdout)
	if format == "json" {
		err = d.writeJSON(out, each)
	} else {
		err = d.write(out, all, each)
	}
	return cmp.Or(err, out.Flush())
}

// worstChanges are the worst of each kind, worst first.
type worstChanges map[diff.Kind][]diff.Change

func (w worstChanges) add(c diff.Change) error {
	list := w[c.Kind]
	// After all that are as bad, so that the index's order stands.
	at, _ := slices.BinarySearchFunc(list, c, func(have, c diff.Change) int {
		return cmp.Or(cmp.Compare(c.Severity, have.Severity), -1)
	})
	if at < maxChanges {
		list = slices.Insert(list, at, c)
		w[c.Kind] = list[:min(len(list), maxChanges)]
	}
	return nil
}

var changeKinds = []diff.Kind{diff.Added, diff.Removed, diff.Changed}

func (w worstChanges) each(visit func(diff.Change) error) error {
	for _, kind := range changeKinds {
		for _, c := range w[kind] {
			if err := visit(c); err != nil {
				return err
			}
		}
	}
	return nil
}
