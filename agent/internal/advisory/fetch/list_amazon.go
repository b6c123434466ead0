package fetch

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// amazonReleases are Amazon Linux's releases with the list of mirrors of their
// main repository. The updateinfo of x86_64 has the packages of all
// architectures. Release 1 is over and speaks plain HTTP, 2022 was the preview
// of 2023: neither is fetched unless it is named.
var amazonReleases = map[string]string{
	"1":    "http://repo.us-west-2.amazonaws.com/2018.03/updates/x86_64/mirror.list",
	"2":    "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list",
	"2022": "https://cdn.amazonlinux.com/al2022/core/mirrors/latest/x86_64/mirror.list",
	"2023": "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
}

// amazonExtras lists Amazon Linux 2's extras; each is a repository of its own.
const (
	amazonExtras = "https://cdn.amazonlinux.com/2/extras-catalog.json"
	amazonExtra  = "https://cdn.amazonlinux.com/2/extras/%s/latest/x86_64/mirror.list"
)

func listAmazon(ctx context.Context, s *session, parts []string) ([]file, error) {
	if len(parts) == 0 {
		parts = []string{"2", "2023"}
	}
	mirrors := make(map[string]string) // of a repository, by its path in the folder
	for _, release := range parts {
		list, ok := amazonReleases[release]
		if !ok {
			return nil, fmt.Errorf("no release of Amazon Linux is called %q (they are called 1, 2, 2022 and 2023)", release)
		}
		mirrors["amazon/"+release+"/core"] = list
		if release == "2" {
			extras, err := s.amazonExtras(ctx)
			if err != nil {
				return nil, err
			}
			for _, extra := range extras {
				mirrors["amazon/2/"+extra] = fmt.Sprintf(amazonExtra, url.PathEscape(extra))
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	found := make(chan file, len(mirrors))
	for place, list := range mirrors {
		g.Go(func() error {
			f, err := s.amazonRepository(ctx, place, list)
			if err == nil && f.url != "" {
				found <- f
			}
			return err
		})
	}
	err := g.Wait()
	close(found)
	var files []file
	for f := range found {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, err
}

func (s *session) amazonExtras(ctx context.Context) ([]string, error) {
	text, err := s.text(ctx, amazonExtras)
	if err != nil {
		return nil, err
	}
	var catalogue struct {
		Topics []struct {
			Name string `json:"n"`
		} `json:"topics"`
	}
	if err := json.Unmarshal([]byte(text), &catalogue); err != nil {
		return nil, fmt.Errorf("reading %s: %w", amazonExtras, err)
	}
	var names []string
	for _, t := range catalogue.Topics {
		if !safe(t.Name) || strings.Contains(t.Name, "/") || t.Name == "core" {
			return nil, fmt.Errorf("reading %s: an extra is called %q", amazonExtras, clip(t.Name))
		}
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		return nil, errNothing
	}
	return names, nil
}

// amazonRepository finds a repository's updateinfo, by the first of its
// mirrors that answers. An extra may have none: then the file is empty.
func (s *session) amazonRepository(ctx context.Context, place, list string) (file, error) {
	extra := path.Base(place) != "core"
	text, err := s.text(ctx, list)
	if extra && isNotFound(err) {
		s.Log("Amazon Linux lists the extra " + path.Base(place) + ", and has no repository of it at " + list)
		return file{}, nil
	}
	if err != nil {
		return file{}, err
	}
	failed := fmt.Errorf("%s names no mirror", list)
	for line := range strings.Lines(text) {
		mirror, err := amazonMirror(strings.TrimSpace(line), list)
		if err != nil {
			return file{}, fmt.Errorf("reading %s: %w", list, err)
		}
		f := file{path: place + "/updateinfo.xml.gz"}
		repomd, err := s.text(ctx, mirror.JoinPath("repodata/repomd.xml").String())
		if err != nil {
			failed = err
			continue
		}
		var href string
		href, f.sum, err = updateinfo([]byte(repomd))
		switch {
		case extra && errors.Is(err, errNoUpdateinfo):
			return file{}, nil
		case err != nil:
			return file{}, fmt.Errorf("reading %s: %w", mirror.JoinPath("repodata/repomd.xml"), err)
		}
		f.url = mirror.JoinPath(href).String()
		return f, nil
	}
	return file{}, failed
}

// amazonMirror reads a line of a list of mirrors. A list that came over TLS
// does not lead out of it.
func amazonMirror(line, list string) (*url.URL, error) {
	u, err := url.Parse(strings.ReplaceAll(line, "$basearch", "x86_64"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not a mirror's address", clip(line))
	}
	if strings.HasPrefix(list, "https:") {
		u.Scheme = "https"
	}
	return u, nil
}

var errNoUpdateinfo = errors.New("the repository has no updateinfo")

// updateinfo finds the updateinfo of a repository in its repomd.xml.
func updateinfo(repomd []byte) (href, sum string, err error) {
	var doc struct {
		Data []struct {
			Type     string `xml:"type,attr"`
			Checksum struct {
				Type string `xml:"type,attr"`
				Sum  string `xml:",chardata"`
			} `xml:"checksum"`
			Location struct {
				Href string `xml:"href,attr"`
			} `xml:"location"`
		} `xml:"data"`
	}
	if err := xml.Unmarshal(repomd, &doc); err != nil {
		return "", "", err
	}
	for _, d := range doc.Data {
		if d.Type != "updateinfo" {
			continue
		}
		sum := strings.TrimSpace(d.Checksum.Sum)
		if d.Checksum.Type != "sha256" || !hexSum.MatchString(sum) {
			return "", "", fmt.Errorf("it gives no SHA-256 sum of the updateinfo but %q of type %q", clip(sum), clip(d.Checksum.Type))
		}
		if !safe(d.Location.Href) {
			return "", "", fmt.Errorf("the updateinfo is said to be at %q", clip(d.Location.Href))
		}
		return d.Location.Href, strings.ToLower(sum), nil
	}
	return "", "", errNoUpdateinfo
}
