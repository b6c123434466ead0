package feed

import (
	"context"
	"errors"
	"io/fs"
)

// Wolfi's and Chainguard's security feeds: wolfi/security.json, chainguard/security.json.

func claimChainguard(string) (string, bool) { return "Chainguard", false }

func readChainguard(context.Context, fs.FS, Unit, Sink) error { return errors.New("not read yet") }
