package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/network"
	"github.com/layergate/layergate/agent/internal/note"
	"github.com/layergate/layergate/agent/internal/report"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/source"
)

// noteFlags say where a note goes; what they do not say, the job's variables do.
type noteFlags struct {
	api          string
	project      string
	mergeRequest int
	key          string
	page         string
	caCert       string
}

func (a *app) noteCommand() *cobra.Command {
	c := &cobra.Command{Use: "note", Short: "Write a result's summary where a change is discussed"}
	group(c)
	var f noteFlags
	gitlab := &cobra.Command{
		Use:   "gitlab RESULT",
		Short: "Write a note on a GitLab merge request, or bring the one that is there up to date",
		Long: `Gitlab writes the Markdown report of a result as a note on the merge request of the
pipeline, once; later pipelines update that note. RESULT may be - for stdin.

The token is read from $LAYERGATE_GITLAB_TOKEN or $GITLAB_TOKEN: a project's, a
group's or a user's, with the scope api. A job's own token may not write notes.
Without a token, as in a fork's pipeline, or without a merge request, it says so
in one line and ends well.

Exit codes: 0 if the note was written or there is nowhere to write it; 1 if not.`,
		Example: "  layergate note gitlab result.json",
		Args:    exactly(1, "one result"),
		RunE:    func(c *cobra.Command, args []string) error { return a.noteGitLab(c.Context(), args[0], f) },
	}
	flags := gitlab.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.api, "api", "", "the `URL` of GitLab's API (default: $CI_API_V4_URL)")
	flags.StringVar(&f.project, "project", "", "the merge request's project, its `NUMBER` or path (default: $CI_MERGE_REQUEST_PROJECT_ID)")
	flags.IntVar(&f.mergeRequest, "merge-request", 0, "its `NUMBER` within the project (default: $CI_MERGE_REQUEST_IID)")
	flags.StringVar(&f.key, "key", "", "a `NAME` for the note, if a merge request has several (default: the image's name without its tag)")
	flags.StringVar(&f.page, "page", "", "the `URL` of the layer explorer page, to link to")
	flags.StringVar(&f.caCert, "ca-cert", "", "a PEM `FILE` of authorities to trust (default: $CI_SERVER_TLS_CA_FILE)")
	c.AddCommand(gitlab)
	return c
}

func (a *app) noteGitLab(ctx context.Context, path string, f noteFlags) error {
	r, err := a.readResult(path)
	if err != nil {
		return err
	}
	m, missing, err := a.mergeRequest(f)
	if err != nil {
		return err
	}
	if missing != "" {
		a.say(logrus.WarnLevel, "no note was written: "+missing)
		return nil
	}
	var text strings.Builder
	format, err := report.Find("markdown")
	if err != nil {
		return err
	}
	if err := format.Write(&text, r, report.Options{}); err != nil {
		return fmt.Errorf("making the note: %w", err)
	}
	text.WriteString(a.footer(f))
	written, err := m.Write(ctx, cmp.Or(f.key, repository(r.Image)), text.String())
	if err != nil {
		return err
	}
	done := "updated"
	if written.Created {
		done = "written"
	}
	_, err = fmt.Fprintf(a.stdout, "%s note %d on merge request !%d of project %s\n", done, written.ID, m.IID, report.EscapeTerminal(m.Project))
	return err
}

// mergeRequest is where to write; missing says why there is nowhere.
func (a *app) mergeRequest(f noteFlags) (m note.MergeRequest, missing string, err error) {
	m = note.MergeRequest{
		API:       cmp.Or(f.api, a.env("CI_API_V4_URL")),
		Project:   cmp.Or(f.project, a.env("CI_MERGE_REQUEST_PROJECT_ID")),
		IID:       f.mergeRequest,
		Token:     strings.TrimSpace(cmp.Or(a.env("LAYERGATE_GITLAB_TOKEN"), a.env("GITLAB_TOKEN"))),
		UserAgent: "layergate/" + version(),
	}
	if iid := a.env("CI_MERGE_REQUEST_IID"); m.IID == 0 && iid != "" {
		if m.IID, err = strconv.Atoi(iid); err != nil {
			return m, "", fmt.Errorf("$CI_MERGE_REQUEST_IID is %q, which is no number", iid)
		}
	}
	switch {
	case m.IID == 0:
		return m, "this is no merge request's pipeline ($CI_MERGE_REQUEST_IID is empty)", nil
	case m.Token == "":
		return m, "there is no token in $LAYERGATE_GITLAB_TOKEN or $GITLAB_TOKEN (a fork's pipeline has none; a job's own token may not write notes)", nil
	case m.API == "" || m.Project == "":
		return m, "", fmt.Errorf("writing a note: which GitLab and project? Give --api and --project, or $CI_API_V4_URL and $CI_MERGE_REQUEST_PROJECT_ID")
	}
	if u, err := url.Parse(m.API); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return m, "", fmt.Errorf("writing a note: %q is no address of an API, such as https://gitlab.example.com/api/v4", m.API)
	}
	m.Transport, err = a.gitlabTransport(cmp.Or(f.caCert, a.env("CI_SERVER_TLS_CA_FILE")))
	return m, "", err
}

func (a *app) gitlabTransport(caCert string) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = network.Proxy(a.env)
	if caCert != "" {
		authorities, err := network.Authorities(caCert)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: authorities}
	}
	return t, nil
}

var commitID = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// footer says which pipeline the note is from, since it stays when others come.
func (a *app) footer(f noteFlags) string {
	var said []string
	if page := webAddress(f.page); page != "" {
		said = append(said, fmt.Sprintf("[layer explorer](%s)", page))
	}
	if pipeline := webAddress(a.env("CI_PIPELINE_URL")); pipeline != "" {
		said = append(said, fmt.Sprintf("[pipeline](%s)", pipeline))
	}
	if commit := a.env("CI_COMMIT_SHA"); commitID.MatchString(commit) {
		said = append(said, "commit "+commit) // GitLab makes a link of it
	}
	if len(said) == 0 {
		return ""
	}
	return "\n" + strings.Join(said, " · ") + "\n"
}

// webAddress is an address that is safe as the target of a Markdown link; ""
// for anything else.
func webAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(s, "()<>[] \\`\"'\r\n\t") {
		return ""
	}
	return u.String()
}

// prefixes are those that a reference may begin with.
var prefixes = []string{source.DockerArchive, source.OCIArchive, source.OCILayout, source.Docker, source.Podman, source.Registry, source.RootFS}

// repository is an image's name without a tag or digest, which change with
// every build. The prefix of a source goes first: its colon begins no tag, and
// an image that could not be opened is to have the same note as one that could.
func repository(i result.Image) string {
	name := i.Name
	if prefix, rest, ok := strings.Cut(name, ":"); ok && slices.Contains(prefixes, prefix) {
		name = rest
	}
	return image.Repository(name)
}
