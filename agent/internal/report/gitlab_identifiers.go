package report

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/layergate/layergate/agent/internal/finding"
)

// How many of each an entry has at most: GitLab saves the first 20 identifiers,
// and its schema allows 10 vectors. The number of links is ours.
const (
	maxIdentifiers = 20
	maxVectors     = 10
	maxLinks       = 20
)

type gitlabIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type gitlabVector struct {
	Vendor string `json:"vendor"`
	Vector string `json:"vector"`
}

type gitlabLink struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url"`
}

// plainID is an id that means the same in every notation.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._-]*$`)

// moreEscapes are what a URL's query may have and GitLab's Markdown acts on.
var moreEscapes = strings.NewReplacer("+", "%20", ".", "%2E", "_", "%5F", "~", "%7E")

// identifier is an id as GitLab knows it. The type of an advisory is the start
// of its id in lower case, as in GitLab's own list: cve, ghsa, usn, rhsa. What
// only Layergate knows has a type of its own. An odd id is written as in a URL,
// as GitLab puts identifiers into issues without escaping them.
func identifier(kind finding.Kind, id string) gitlabIdentifier {
	link := Link(id)
	if kind == finding.Vulnerability && link != "" {
		prefix, _, _ := strings.Cut(id, "-")
		return gitlabIdentifier{Type: strings.ToLower(prefix), Name: id, Value: id, URL: link}
	}
	if !plainID.MatchString(id) {
		id = moreEscapes.Replace(url.QueryEscape(id))
	}
	id = clipName(id, maxIdentifier)
	return gitlabIdentifier{Type: "layergate_" + strings.ReplaceAll(string(kind), "-", "_"), Name: id, Value: id}
}

// identifiers are the primary one and the aliases. GitLab takes two entries of
// one package for the same if they share any identifier; so an id that stands
// for several of them, as an advisory for two CVEs does, is left to the links.
func (g *gitlabFinding) identifiers(f *finding.Finding) []gitlabIdentifier {
	ids := []gitlabIdentifier{g.primary}
	for _, alias := range f.Aliases {
		id := identifier(f.Kind, alias)
		if alias != "" && g.others[alias] < 2 && !slices.Contains(ids, id) && len(ids) < maxIdentifiers {
			ids = append(ids, id)
		}
	}
	return ids
}

// gitlabLinks are the pages of all that a finding was made from.
func gitlabLinks(f *finding.Finding) []gitlabLink {
	var list []gitlabLink
	for _, id := range slices.Concat([]string{f.ID}, f.Aliases, f.Advisories) {
		page := Link(id)
		if page == "" || len(list) == maxLinks || slices.ContainsFunc(list, func(l gitlabLink) bool { return l.URL == page }) {
			continue
		}
		list = append(list, gitlabLink{Name: id, URL: page})
	}
	return list
}

// gitlabVectors are the ratings that GitLab's schema has a pattern for: CVSS 2, 3.0
// and 3.1, not 4. The first counts for GitLab.
func gitlabVectors(f *finding.Finding) []gitlabVector {
	var list []gitlabVector
	for _, r := range f.Ratings {
		v := gitlabVector{Vendor: EscapeTerminal(r.Source), Vector: r.Vector}
		if v.Vendor == "" {
			v.Vendor = "unknown"
		}
		if validVector(v.Vector) && len(list) < maxVectors && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// validVector parses: one vector that is none would cost the whole report.
func validVector(v string) bool {
	var err error
	switch {
	case len(v) > 128:
		return false
	case strings.HasPrefix(v, "CVSS:3.1/"):
		_, err = gocvss31.ParseVector(v)
	case strings.HasPrefix(v, "CVSS:3.0/"):
		_, err = gocvss30.ParseVector(v)
	case strings.HasPrefix(v, "AV:"):
		_, err = gocvss20.ParseVector(v)
	default:
		return false
	}
	return err == nil
}
