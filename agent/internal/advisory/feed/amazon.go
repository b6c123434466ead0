package feed

import (
	"context"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Amazon Linux's security advisories (ALAS, https://alas.aws.amazon.com/), as
// each of its repositories has them in repodata/updateinfo.xml.gz, in the form
// of yum and dnf (https://github.com/rpm-software-management/createrepo_c).
// The repositories are found by a mirror.list, for the core ones
// https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list and
// https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list;
// Amazon Linux 2 has some more, its extras
// (https://docs.aws.amazon.com/linux/al2/ug/al2-extras.html), listed in
// https://cdn.amazonlinux.com/2/extras-catalog-x86_64.json.
type alasUpdate struct {
	Type     string  `xml:"type,attr"`
	ID       string  `xml:"id"`
	Issued   xmlDate `xml:"issued"`
	Updated  xmlDate `xml:"updated"`
	Severity string  `xml:"severity"`

	References []struct {
		ID   string `xml:"id,attr"`
		Type string `xml:"type,attr"`
	} `xml:"references>reference"`

	Packages []alasPackage `xml:"pkglist>collection>package"` // one for each architecture
}

type alasPackage struct {
	Name    string `xml:"name,attr"`
	Epoch   string `xml:"epoch,attr"`
	Version string `xml:"version,attr"`
	Release string `xml:"release,attr"`
}

var (
	amazonPath   = regexp.MustCompile(`(?:^|/)amazon/(1|2|2022|2023)/([A-Za-z0-9._+-]+)/updateinfo\.xml(?:\.gz)?$`)
	amazonStream = regexp.MustCompile(`\d+(?:\.\d+)*`)
)

func claimAmazon(p string) (string, bool) { return "Amazon Linux", amazonPath.MatchString(p) }

// amazonFeed hands on the advisories of one repository.
type amazonFeed struct {
	ecosystem string
	source    string
	streams   []string // the versions that the name of an extra has: "5.10" of kernel-5.10
	out       Sink
}

func readAmazon(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	where := amazonPath.FindStringSubmatch(u.Path) // Claim saw to it
	feed := amazonFeed{ecosystem: "Amazon Linux:" + where[1], source: u.Source, out: out}
	if where[2] != "core" {
		feed.streams = amazonStream.FindAllString(where[2], -1)
	}
	x, err := openXML(fsys, u.Path)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.root("updates", "an updateinfo file"); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		start, err := x.child()
		if err != nil {
			return err
		}
		if start == nil {
			return x.end()
		}
		var update alasUpdate
		if err := x.decode(&update, start); err != nil {
			return err
		}
		r, problem := feed.record(&update)
		if problem != "" {
			out.Skip(problem, update.ID)
			continue
		}
		if err := out.Record(r); err != nil {
			return err
		}
	}
}

// record is the advisory of one update, or why there is none. An id that comes
// again, with other packages, is a part of the same advisory.
func (f *amazonFeed) record(update *alasUpdate) (r *advisory.Record, problem string) {
	if !fits(update.ID) {
		return nil, "bad record: no id"
	}
	r = &advisory.Record{ID: update.ID, Feed: f.source}
	r.Published, r.Modified = f.day(update.Issued, r.ID), f.day(update.Updated, r.ID)
	if r.Modified.IsZero() {
		r.Modified = r.Published
	}
	if !r.Modified.IsZero() {
		f.out.Date(r.Modified)
	}
	var cves []string
	for _, ref := range update.References {
		if ref.Type == "cve" {
			cves = append(cves, ref.ID)
		}
	}
	nameCVEs(r, cves)
	if len(r.Aliases)+len(r.Upstream) == 0 && update.Type != "security" {
		return nil, "no vulnerability: a bug fix or enhancement"
	}
	r.Severities = addWord(nil, f.source, update.Severity)
	var builds []build
	for _, p := range update.Packages {
		version, ok := p.evr()
		if !ok || !fits(p.Name) {
			f.out.Skip("bad record: package or version", r.ID)
			continue
		}
		builds = append(builds, build{ecosystem: f.ecosystem, name: p.Name, version: version, since: f.since(&p, version)})
	}
	if len(builds) == 0 {
		return nil, "names no affected versions"
	}
	r.Affected = affectedBy(builds, r.Published)
	return r, ""
}

// since is where an extra's stream begins. An extra's builds stand beside
// those of core and of other extras, under the same names: what is fixed in
// php 8.0.30 of php8.0 says nothing of core's 5.4. Where the name has no
// version (docker), or the build is not of it, nothing can be told apart.
func (f *amazonFeed) since(p *alasPackage, version string) string {
	stream := ""
	for _, s := range f.streams {
		rest, ok := strings.CutPrefix(p.Version, s)
		if ok && (rest == "" || rest[0] < '0' || rest[0] > '9') && len(s) > len(stream) {
			stream = s
		}
	}
	if stream == "" {
		return ""
	}
	return sinceStream(version, stream)
}

// evr is the version as inventories write it.
func (p *alasPackage) evr() (string, bool) {
	if strings.Trim(p.Epoch, "0123456789") != "" || !fits(p.Version) || !fits(p.Release) {
		return "", false
	}
	version := p.Version + "-" + p.Release
	if p.Epoch != "" {
		version = p.Epoch + ":" + version
	}
	return withoutNoEpoch(version), fits(version)
}

// day takes "2018-02-07 18:49" as well. What is no date is left out and
// counted: the advisory is as good without.
func (f *amazonFeed) day(d xmlDate, id string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime} {
		if t, err := time.Parse(layout, d.Date); err == nil {
			return t
		}
	}
	t, err := day(d.Date)
	if err != nil {
		f.out.Skip("bad date", id)
	}
	return t
}
