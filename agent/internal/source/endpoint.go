package source

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
)

// endpoint is where a daemon listens.
type endpoint struct {
	host    string // as it is written: unix:///var/run/docker.sock
	network string // unix or tcp
	address string // a path, or host:port
	tls     *tls.Config
}

// dockerEndpoint finds the docker daemon as its own client does: DOCKER_HOST,
// then the current context, then the usual sockets.
func dockerEndpoint(o Options) (*endpoint, error) {
	if host := o.env("DOCKER_HOST"); host != "" {
		certs := o.env("DOCKER_CERT_PATH")
		verify := o.env("DOCKER_TLS_VERIFY") != ""
		if certs == "" && verify {
			certs = dockerConfigDir(o)
		}
		return parseHost(host, certs, verify)
	}
	if e, err := contextEndpoint(o); e != nil || err != nil {
		return e, err
	}
	sockets := []string{"/var/run/docker.sock"}
	if dir := o.env("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock")) // rootless
	}
	return firstSocket(sockets), nil
}

// podmanEndpoint finds podman's service: CONTAINER_HOST, then the sockets of
// this user's and of root's.
func podmanEndpoint(o Options) (*endpoint, error) {
	if host := o.env("CONTAINER_HOST"); host != "" {
		return parseHost(host, "", false)
	}
	var sockets []string
	if dir := o.env("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "podman", "podman.sock"))
	}
	return firstSocket(append(sockets, "/run/podman/podman.sock")), nil
}

// firstSocket is the first that is there, or the first of all.
func firstSocket(paths []string) *endpoint {
	path := paths[0]
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			path = p
			break
		}
	}
	return &endpoint{host: "unix://" + path, network: "unix", address: path}
}

func parseHost(host, certs string, verify bool) (*endpoint, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, unusable("the daemon's address %q cannot be read: %w", host, err)
	}
	switch u.Scheme {
	case "unix":
		return &endpoint{host: host, network: "unix", address: u.Path}, nil
	case "tcp", "http", "https":
		e := &endpoint{host: host, network: "tcp", address: u.Host}
		if u.Port() == "" {
			return nil, unusable("the daemon's address %s has no port", host)
		}
		if certs != "" || verify || u.Scheme == "https" {
			e.tls, err = clientTLS(certs, verify || u.Scheme == "https")
		}
		return e, err
	case "ssh":
		return nil, unusable("the daemon at %s is reached over ssh, which is not supported: forward its socket"+
			" (ssh -L /tmp/docker.sock:/var/run/docker.sock …) and set DOCKER_HOST=unix:///tmp/docker.sock", host)
	}
	return nil, unusable("the daemon's address %s is of no kind that is supported: use unix:// or tcp://", host)
}

// clientTLS loads ca.pem, cert.pem and key.pem, each where it is there.
func clientTLS(dir string, verify bool) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !verify}
	if dir == "" {
		return c, nil
	}
	if pem, err := os.ReadFile(filepath.Join(dir, "ca.pem")); err == nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, unusable("there is no certificate in %s", filepath.Join(dir, "ca.pem"))
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, unusable("reading the daemon's certificates: %w", err)
	}
	cert := filepath.Join(dir, "cert.pem")
	if _, err := os.Stat(cert); errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, unusable("reading the daemon's certificates: %w", err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

func dockerConfigDir(o Options) string {
	if dir := o.env("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(o.env("HOME"), ".docker")
}

// contextEndpoint is the endpoint of docker's current context; nil where that
// is the default one.
func contextEndpoint(o Options) (*endpoint, error) {
	name := o.env("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		raw, err := os.ReadFile(filepath.Join(dockerConfigDir(o), "config.json"))
		if err != nil || json.Unmarshal(raw, &config) != nil {
			return nil, nil // no config, or one that docker itself will complain about
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return nil, nil
	}
	id := sha256.Sum256([]byte(name))
	dir := filepath.Join(dockerConfigDir(o), "contexts")
	var meta struct {
		Endpoints struct {
			Docker struct {
				Host          string
				SkipTLSVerify bool
			} `json:"docker"`
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "meta", hex.EncodeToString(id[:]), "meta.json"))
	if err == nil {
		err = json.Unmarshal(raw, &meta)
	}
	if err != nil {
		return nil, unusable("reading docker's context %s: %w", name, err)
	}
	certs := filepath.Join(dir, "tls", hex.EncodeToString(id[:]), "docker")
	if _, err := os.Stat(certs); err != nil {
		certs = ""
	}
	return parseHost(meta.Endpoints.Docker.Host, certs, certs != "" && !meta.Endpoints.Docker.SkipTLSVerify)
}
