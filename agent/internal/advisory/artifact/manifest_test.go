package artifact

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzManifest: whatever a registry serves as a manifest is an error or one
// that is written again as it was understood, with the same signed text.
func FuzzManifest(f *testing.F) {
	key, _ := newKey(f)
	m, err := describeFile(indexOf(f, "2024-05-06"), "1.2.3")
	if err != nil {
		f.Fatal(err)
	}
	text, err := m.text()
	if err != nil {
		f.Fatal(err)
	}
	for _, signature := range [][]byte{nil, ed25519.Sign(key, text)} {
		m.Signature = signature
		raw, err := m.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(bytes.Replace(raw, []byte(`"size":`), []byte(`"size":-`), 1))
	}
	f.Add([]byte(`{"artifactType":"` + ArtifactType + `"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parse(raw)
		if err != nil {
			return
		}
		if m.Size <= 0 || m.Size > maxIndex {
			t.Errorf("an index of %d bytes", m.Size)
		}
		written, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(written)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Error(diff)
		}
		one, err := m.text()
		if err != nil {
			t.Fatal(err)
		}
		if two, err := again.text(); err != nil || !bytes.Equal(one, two) {
			t.Errorf("signed text %s, then %s (%v)", one, two, err)
		}
	})
}

func TestKeys(t *testing.T) {
	encode := func(kind string, der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	privatePEM := encode("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(other)
	privateRSA := encode("PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(public)
	publicPEM := encode("PUBLIC KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(&other.PublicKey)
	publicRSA := encode("PUBLIC KEY", der, err)

	for text, want := range map[string]string{
		"":         "no PEM",
		publicPEM:  `want an unencrypted "PRIVATE KEY"`,
		privateRSA: "want an ed25519 key",
		strings.ReplaceAll(privatePEM, "PRIVATE", "ENCRYPTED PRIVATE"): `want an unencrypted "PRIVATE KEY"`,
		encode("PRIVATE KEY", []byte("x"), nil):                        "asn1",
	} {
		if _, err := ParseSigningKey([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("signing with %q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                     "no PEM",
		privatePEM:                             "-pubout",
		publicRSA:                              "want an ed25519 key",
		publicPEM + "half a key":               "no PEM",
		encode("PUBLIC KEY", []byte("x"), nil): "asn1",
	} {
		if _, err := ParseVerifyKeys([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("verifying with %q: %v, want %q", text, err, want)
		}
	}
	if keys, err := ParseVerifyKeys([]byte(publicPEM + "\n" + publicPEM)); err != nil || len(keys) != 2 {
		t.Errorf("two keys in one file: %d, %v", len(keys), err)
	}
}
