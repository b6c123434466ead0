package artifact

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// The labels of RFC 7468 for what `openssl genpkey -algorithm ed25519` and
// `openssl pkey -pubout` write.
const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
)

// ParseSigningKey reads a private key, PEM with PKCS #8 in it.
func ParseSigningKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it holds no PEM (make a key with: openssl genpkey -algorithm ed25519 -out key.pem)")
	}
	if block.Type != pemPrivate {
		return nil, fmt.Errorf("it holds a %q, want an unencrypted %q", block.Type, pemPrivate)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	k, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T, want an ed25519 key (openssl genpkey -algorithm ed25519 -out key.pem)", key)
	}
	return k, nil
}

// ParseVerifyKeys reads public keys, one or more PEM blocks with SPKI in them.
func ParseVerifyKeys(text []byte) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != pemPublic {
			return nil, fmt.Errorf("it holds a %q, want a %q (openssl pkey -in key.pem -pubout)", block.Type, pemPublic)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		k, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("it holds a %T, want an ed25519 key", key)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 || len(bytes.TrimSpace(text)) > 0 {
		return nil, errors.New("it holds something that is no PEM, want public keys (openssl pkey -in key.pem -pubout)")
	}
	return keys, nil
}
