package artifact

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// Statement is what an artifact says of its index, and what is signed. Its
// JSON, with the fields in this order, no white space and times in UTC, is the
// signed text.
type Statement struct {
	Type      string          `json:"type"` // StatementType, so that it can be taken for nothing else
	MediaType types.MediaType `json:"mediaType"`
	Digest    string          `json:"digest"` // of the index file, "sha256:…"
	Size      int64           `json:"size"`   // of the index file, in bytes
	Contents  string          `json:"contents"`
	Built     time.Time       `json:"built"`
	Newest    time.Time       `json:"newest"`
}

// text is the signed text.
func (s Statement) text() ([]byte, error) { return json.Marshal(s) }

var errUnsigned = errors.New("it is not signed, and a signature is asked for (--verify-key)")

// verify checks that one of keys has signed s.
func (s Statement) verify(signature []byte, keys []ed25519.PublicKey) error {
	if len(signature) == 0 {
		return errUnsigned
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	for _, k := range keys {
		if ed25519.Verify(k, text, signature) {
			return nil
		}
	}
	return errors.New("its signature is wrong: none of the keys (--verify-key) has signed this index")
}

// check compares with what an index says of itself.
func (s Statement) check(i store.Info) error {
	if i.Digest != s.Contents || i.Size != s.Size || !i.Built.Equal(s.Built) || !i.Newest.Equal(s.Newest) {
		return errors.New("the index is not the one that its manifest describes")
	}
	return nil
}

var errOlder = errors.New("it is older than the one that is there")

// olderThan is an error if s is an older index than one that is there already:
// by the data in it, and for the same data by the day on which it was built.
func (s Statement) olderThan(newest, built time.Time) error {
	if s.Newest.Before(newest) || s.Newest.Equal(newest) && s.Built.Before(built) {
		return fmt.Errorf("%w (data of %s, built %s; there: data of %s, built %s)", errOlder,
			when(s.Newest), when(s.Built), when(newest), when(built))
	}
	return nil
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
