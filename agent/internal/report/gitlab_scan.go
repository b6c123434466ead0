package report

import (
	"cmp"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/result"
)

// The longest texts that GitLab takes, in characters. Those of names and
// solutions are in its schema, as is a megabyte for descriptions, which none
// comes near. Package, version and image are ours: GitLab has the three of them
// in one index, whose rows hold 2,704 bytes.
const (
	maxName        = 255
	maxSolution    = 7000
	maxIdentifier  = 255
	maxBranchImage = 255
	maxImage       = 255
	maxPackage     = 200
	maxVersion     = 100
)

type gitlabScan struct {
	Analyzer  gitlabTool      `json:"analyzer"`
	Scanner   gitlabTool      `json:"scanner"`
	Type      string          `json:"type"`
	StartTime string          `json:"start_time"`
	EndTime   string          `json:"end_time"`
	Status    string          `json:"status"`
	Messages  []gitlabMessage `json:"messages,omitempty"`
}

type gitlabTool struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	URL     string `json:"url"`
	Vendor  struct {
		Name string `json:"name"`
	} `json:"vendor"`
}

type gitlabMessage struct {
	Level string `json:"level"` // info, warn or fatal
	Value string `json:"value"`
}

// newGitLabScan says how the scan went. Gaps that the policy does not accept
// make it a failure.
func newGitLabScan(r *result.Result, scanType string, ns []notice) gitlabScan {
	tool := gitlabTool{ID: "layergate", Name: "Layergate", Version: cmp.Or(EscapeTerminal(r.Tool.Version), "unknown"), URL: "https://github.com/layergate/layergate"}
	tool.Vendor.Name = "Layergate"
	created := r.Created.UTC().Format("2006-01-02T15:04:05")
	s := gitlabScan{Analyzer: tool, Scanner: tool, Type: scanType, StartTime: created, EndTime: created, Status: "success"}
	if r.Failed != "" || r.Verdict.Incomplete {
		s.Status = "failure"
	}
	for i := range ns {
		level := "warn"
		if r.Failed != "" {
			level = "fatal"
		}
		s.say(level, ns[i].sentence(r))
	}
	s.say("info", strings.Join(append([]string{"verdict: " + verdictWord(r.Verdict)}, r.Verdict.Reasons...), "; "))
	return s
}

func (s *gitlabScan) say(level, text string) {
	s.Messages = append(s.Messages, gitlabMessage{level, EscapeTerminal(text)})
}

// operatingSystem is the distro as GitLab writes it: "debian:12".
func operatingSystem(r *result.Result) string {
	if r.Distro == nil || r.Distro.ID == "" {
		return "unknown"
	}
	if r.Distro.Version == "" {
		return clipName(r.Distro.ID, maxName)
	}
	return clipName(r.Distro.ID+":"+r.Distro.Version, maxName)
}

// gitlabImage is the image's name with a tag or a digest. GitLab cuts a name at
// its last colon and tells images apart by what is before it. So a name without
// a colon would be cut to nothing, and every such image of a project be the
// same. An archive is called by the tag in it or else by its file, not its
// folder, which is another one on every runner.
func gitlabImage(r *result.Result) string {
	name := strings.TrimPrefix(r.Image.Name, r.Image.Source+":")
	if hasTag(name) {
		return clipName(name, maxImage)
	}
	for _, tag := range r.Image.Tags {
		if hasTag(tag) {
			return clipName(tag, maxImage)
		}
	}
	if strings.HasPrefix(name, "/") {
		name = path.Base(name)
	}
	tail := ":latest"
	if digest := cmp.Or(r.Image.Digest, r.Image.ID); strings.HasPrefix(digest, "sha256:") {
		tail = "@" + clipName(digest, 100)
	}
	return clipName(cmp.Or(name, "unknown"), maxImage-utf8.RuneCountInString(tail)) + tail
}

// hasTag tells a tag or digest from the port of a registry. What is too long
// for GitLab has none that would be left.
func hasTag(name string) bool {
	repository, tag, ok := strings.Cut(path.Base(name), ":")
	return ok && repository != "" && tag != "" && len(name) <= maxImage
}
