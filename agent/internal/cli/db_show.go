package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// showing is what db show was asked for.
type showing struct {
	format    string
	version   string
	versioned bool // --version is there
	index     indexFlags
}

func (a *app) dbShowCommand() *cobra.Command {
	var s showing
	c := &cobra.Command{
		Use:   "show ID | PACKAGE@ECOSYSTEM",
		Short: "Show what the index knows of a vulnerability or of a package, and why a version is affected",
		Long: `Show of an ID (CVE-…, GHSA-…, or a publisher's own) prints every record that goes
by it, with the packages and versions that it names, the fixes, severities, and
whether the CVE is known to be exploited.

Show of PACKAGE@ECOSYSTEM prints every advisory about the package. A distro's
ecosystem has its release (Debian:12, Alpine:v3.20, Red Hat:9), and most distros
publish by source package. With --version it says of each advisory whether that
version is affected and why, by the same code as a scan.

--format json has, for machines:

  of an ID       location and newest (the index and its date), id, cves (cve,
                 kevAdded, epss, ratings) and records (id, source, aliases,
                 upstream, published, modified, affected)
  of a package   location, newest, package, ecosystem, version, partial, counts
                 (affected, undecided, not-affected) and advisories (as records
                 are, with said in place of affected); with --version each has an
                 answer (affected, undecided, not-affected), a reason, and fixedIn
                 (version, date, firstSeen)
  affected, said ecosystem, package, severity, severitySource, knownExploited,
                 affects (from, before, upTo, fix), versions, fixState, module

Exit codes: 0 if the index could be asked, also if it knows nothing of the ID or
the package; 1 if not: there is no such ecosystem or no such index.`,
		Example: `  layergate db show CVE-2021-44228
  layergate db show openssl@Debian:12
  layergate db show org.apache.logging.log4j:log4j-core@Maven --version 2.14.1
  layergate db show @babel/traverse@npm --version 7.23.0 --format json`,
		Args: exactly(1, "one ID or PACKAGE@ECOSYSTEM"),
		RunE: func(c *cobra.Command, args []string) error {
			s.versioned = c.Flags().Changed("version")
			return a.show(c.Context(), args[0], s)
		},
	}
	s.index.add(c.Flags())
	c.Flags().StringVar(&s.version, "version", "", "the package's `VERSION` to ask about; the source package's where the distro publishes by source")
	formatFlag(c, &s.format)
	return c
}

// idShape is what ids of vulnerabilities have in common: a publisher's name,
// a dash or colon, and a number somewhere.
var idShape = regexp.MustCompile(`^[A-Za-z][A-Za-z_]*[-:].*[0-9]`)

func (a *app) show(ctx context.Context, what string, s showing) error {
	if err := checkFormat(s.format); err != nil {
		return err
	}
	if s.versioned && strings.TrimSpace(s.version) == "" {
		return errors.New("--version is empty: name a version, or leave it out to see all advisories")
	}
	name, ecosystem, isPackage := packageAt(what)
	switch {
	case !isPackage && s.versioned:
		return fmt.Errorf("--version is a package's: name it as in openssl@Debian:12, not %q", what)
	case !isPackage && !idShape.MatchString(what):
		return fmt.Errorf("%q is neither an ID such as CVE-2021-44228 nor a package with its ecosystem such as openssl@Debian:12 or lodash@npm", what)
	}
	index, location, err := a.openIndex(ctx, s.index)
	if err != nil {
		return err
	}
	defer index.Close()
	if !isPackage {
		return a.showID(ctx, index, location, what, s.format)
	}
	ecosystem, err = coveredEcosystem(index, name, ecosystem)
	if err != nil {
		return err
	}
	return a.showPackage(index, location, name, ecosystem, s)
}

// packageAt splits PACKAGE@ECOSYSTEM. npm's scopes begin with an @ too.
func packageAt(what string) (name, ecosystem string, ok bool) {
	i := strings.LastIndexByte(what, '@')
	if i <= 0 {
		return "", "", false
	}
	return what[:i], what[i+1:], true
}
