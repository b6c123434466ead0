package cli

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/artifact"
	"github.com/layergate/layergate/agent/internal/report"
)

// pushFlags are the flags of db push.
type pushFlags struct {
	db      string
	signKey string
	registryFlags
}

func (a *app) dbPushCommand() *cobra.Command {
	var f pushFlags
	c := &cobra.Command{
		Use:   "push oci://REGISTRY/REPOSITORY:TAG",
		Short: "Put an advisory index into an OCI registry",
		Long: `Push puts an index into a registry, from where scans (--db oci://…) and db pull
get it, and prints the reference with its digest. Credentials are those that
docker login stores. The index is an OCI artifact of type
` + artifact.ArtifactType + `; its annotations name its dates and
sources.

With --sign-key, or a key in $LAYERGATE_SIGN_KEY (the PEM text itself), it is
signed. Keys are ed25519, made so:

  openssl genpkey -algorithm ed25519 -out key.pem
  openssl pkey -in key.pem -pubout -out key.pub`,
		Example: `  layergate db push oci://registry.corp:5000/security/advisories:latest --db index.db --sign-key key.pem`,
		Args:    exactly(1, "one reference, oci://REGISTRY/REPOSITORY:TAG"),
		RunE:    func(c *cobra.Command, args []string) error { return a.pushIndex(c, args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.db, "db", "", "the index `FILE` to push (default: $LAYERGATE_DB, else the one in the user's cache)")
	flags.StringVar(&f.signKey, "sign-key", "", "a PEM `FILE` with a private ed25519 key that signs (default: the key in $LAYERGATE_SIGN_KEY, if any)")
	f.registryFlags.add(flags)
	return c
}

func (a *app) pushIndex(c *cobra.Command, ref string, f pushFlags) error {
	file, err := a.indexToPush(f.db)
	if err != nil {
		return err
	}
	o := artifact.PushOptions{Version: version()}
	if o.Key, err = a.signKey(f.signKey); err != nil {
		return err
	}
	if o.Registry, err = a.registryOptions(f.registryFlags); err != nil {
		return err
	}
	_, pinned, err := artifact.Push(c.Context(), ref, file, o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, report.EscapeTerminal(pinned))
	return err
}

// indexToPush is a file: what is in a registry already is no use, and the
// index in the programme is in every programme.
func (a *app) indexToPush(flag string) (string, error) {
	path, why := flag, "--db"
	if path == "" {
		path, why = a.env("LAYERGATE_DB"), "$LAYERGATE_DB"
	}
	if path == "" {
		path, why = a.cachedIndex()
	}
	switch {
	case path == "":
		return "", errors.New("there is no index to push: name it with --db FILE (db build and db update make one)")
	case artifact.IsReference(path):
		return "", fmt.Errorf("db push wants a file and %s names %s: pull that first (db pull -o FILE)", why, path)
	}
	return path, nil
}

// signKey reads the private key from a file, or from the environment. It is
// never part of an error.
func (a *app) signKey(file string) (ed25519.PrivateKey, error) {
	text, where := []byte(a.env("LAYERGATE_SIGN_KEY")), "$LAYERGATE_SIGN_KEY"
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("reading --sign-key: %w", err)
		}
		where = "--sign-key " + file
	} else if len(text) == 0 {
		return nil, nil
	}
	key, err := artifact.ParseSigningKey(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", where, err)
	}
	return key, nil
}
