package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/layergate/layergate/agent/internal/image"
)

// daemon speaks the docker engine's HTTP API, or podman's own where podman
// answers: the three requests that are needed, without the engine's client
// library.
type daemon struct {
	name   string // Docker or Podman
	at     *endpoint
	client *http.Client
	agent  string
	api    string // the paths' prefix, once greeted
	podman bool
}

func openDocker(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	at, err := dockerEndpoint(o)
	if err != nil {
		return nil, err
	}
	return openDaemon(ctx, Docker, at, ref, o, want)
}

func openPodman(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	at, err := podmanEndpoint(o)
	if err != nil {
		return nil, err
	}
	return openDaemon(ctx, Podman, at, ref, o, want)
}

// openDaemon has the daemon save the image into an unlinked temporary file,
// and opens that. It asks for the image by the id that it was found under, so
// that a tag which moves in between does no harm.
func openDaemon(ctx context.Context, name string, at *endpoint, ref string, o Options, want platform) (*image.Image, error) {
	if slices.ContainsFunc(strings.Split(ref, "/"), func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return nil, notHere("%q is no image name", ref)
	}
	d := &daemon{name: name, at: at, agent: o.userAgent(), client: &http.Client{Transport: at.transport()}}
	defer d.client.CloseIdleConnections()
	if err := d.greet(ctx, o.env("DOCKER_API_VERSION")); err != nil {
		return nil, err
	}
	found, err := d.inspect(ctx, ref)
	if err != nil {
		return nil, err
	}
	file, err := d.save(ctx, found.ID, o.TempDir, want)
	if err != nil {
		return nil, fmt.Errorf("saving the image from %s at %s: %w", name, at.host, err)
	}
	st, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	img, err := openTar(ctx, file, st.Size(), "", "", want)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading what %s at %s saved: %w", name, at.host, err), file.Close())
	}
	img.Source, img.Location, img.Closer = name, at.host, file
	img.Tags = found.RepoTags
	return img, nil
}

// transport dials the one endpoint, whatever host a request names.
func (e *endpoint) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, e.network, e.address)
		},
		TLSClientConfig:     e.tls,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
}

// greet finds out the newest API that the daemon speaks, and who it is. The
// requests used have not changed since docker 1.12, so the daemon's own
// version is the right one.
func (d *daemon) greet(ctx context.Context, version string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	resp, err := d.get(ctx, "/_ping", nil)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return unusable("%s answered %s at its /_ping", d.at.host, resp.Status)
	}
	if v := resp.Header.Get("Libpod-Api-Version"); v != "" {
		d.podman, d.api = true, "/v"+v+"/libpod"
		return nil
	}
	if version == "" {
		version = resp.Header.Get("Api-Version")
	}
	if version != "" {
		d.api = "/v" + version
	}
	return nil
}

// inspected is what a daemon says of an image.
type inspected struct {
	ID       string `json:"Id"`
	RepoTags []string
}

func (d *daemon) inspect(ctx context.Context, ref string) (*inspected, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	resp, err := d.get(ctx, d.api+"/images/"+ref+"/json", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, notHere("the daemon at %s has no image %s", d.at.host, ref)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, unusable("the daemon at %s answered %s", d.at.host, complaint(resp))
	}
	var found inspected
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxConfig)).Decode(&found); err != nil {
		return nil, unusable("reading the daemon's answer from %s: %w", d.at.host, err)
	}
	if found.ID == "" {
		return nil, unusable("the daemon at %s gave no id for %s", d.at.host, ref)
	}
	return &found, nil
}

// save spools the image's archive. The daemon may take minutes before its
// first byte: it is bounded by ctx alone.
func (d *daemon) save(ctx context.Context, id, tempDir string, want platform) (*os.File, error) {
	query := url.Values{}
	if d.podman {
		query.Set("format", DockerArchive)
	} else if want.explicit && d.atLeast(1, 48) { // older ones hold one platform of an image
		p, err := json.Marshal(want.Platform)
		if err != nil {
			return nil, err
		}
		query.Set("platform", string(p))
	}
	resp, err := d.get(ctx, d.api+"/images/"+id+"/get", query)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", complaint(resp))
	}
	return spool(ctx, resp.Body, tempDir)
}

// atLeast says whether the docker API that is spoken is this or newer.
func (d *daemon) atLeast(major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(d.api, "/v%d.%d", &a, &b); err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

// get sends one request. That the daemon cannot be reached is an elsewhere.
func (d *daemon) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	u := url.URL{Scheme: "http", Host: d.name, Path: path, RawQuery: query.Encode()}
	if d.at.tls != nil {
		u.Scheme, u.Host = "https", d.at.address
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking the daemon at %s: %w", d.at.host, err)
	}
	req.Header.Set("User-Agent", d.agent)
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.unreachable(err)
	}
	return resp, nil
}

// unreachable says what to do about a daemon that does not answer.
func (d *daemon) unreachable(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return notHere("there is no socket %s", d.at.address)
	case errors.Is(err, fs.ErrPermission) && d.name == Docker:
		return unusable("no permission to use the socket %s: run as root or as a member of its group (docker)", d.at.address)
	case errors.Is(err, fs.ErrPermission):
		return unusable("no permission to use the socket %s: run as its owner", d.at.address)
	case errors.Is(err, syscall.ECONNREFUSED):
		return unusable("nothing listens at %s: start the daemon", d.at.host)
	}
	return unusable("the daemon at %s cannot be reached: %w", d.at.host, err)
}

// complaint is the daemon's own message for an answer that is no success.
func complaint(resp *http.Response) string {
	var body struct{ Message, Cause string }
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || json.Unmarshal(raw, &body) != nil || body.Message == "" {
		return resp.Status
	}
	return fmt.Sprintf("%s (%s)", resp.Status, body.Message)
}
