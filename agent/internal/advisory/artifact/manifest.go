package artifact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// Manifest is an artifact's manifest.
type Manifest struct {
	Statement
	Signature []byte // nil: it is not signed
	Format    int    // store.FormatVersion of the index
	Version   string // of the layergate that pushed it
	Sources   []Source
}

// Source is one source of an index.
type Source struct {
	Name string    `json:"name"`
	Date time.Time `json:"date,omitzero"`
}

// emptyConfig is the contents of the config.
const emptyConfig = "{}"

// describe makes the manifest of an index whose file has this digest.
func describe(i store.Info, digest, version string) Manifest {
	m := Manifest{
		Statement: Statement{
			Type: StatementType, MediaType: IndexType, Digest: digest, Size: i.Size,
			Contents: i.Digest, Built: i.Built.UTC(), Newest: i.Newest.UTC(),
		},
		Format:  i.FormatVersion,
		Version: version,
	}
	for _, s := range i.Sources {
		m.Sources = append(m.Sources, Source{s.Name, s.Date.UTC()})
	}
	return m
}

// encode gives the manifest's bytes, the same for the same manifest.
func (m Manifest) encode() ([]byte, error) {
	layer, err := v1.NewHash(m.Digest)
	if err != nil {
		return nil, err
	}
	config, size, err := v1.SHA256(bytes.NewReader([]byte(emptyConfig)))
	if err != nil {
		return nil, err
	}
	sources, err := json.Marshal(m.Sources)
	if err != nil {
		return nil, err
	}
	annotations := map[string]string{
		annotationBuilt:    m.Built.Format(time.RFC3339Nano),
		annotationNewest:   m.Newest.Format(time.RFC3339Nano),
		annotationContents: m.Contents,
		annotationFormat:   strconv.Itoa(m.Format),
		annotationSources:  string(sources),
		annotationVersion:  m.Version,
	}
	if m.Signature != nil {
		annotations[annotationSignature] = base64.StdEncoding.EncodeToString(m.Signature)
	}
	return json.Marshal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  ArtifactType,
		Config:        v1.Descriptor{MediaType: emptyType, Digest: config, Size: size, Data: []byte(emptyConfig)},
		Layers: []v1.Descriptor{{
			MediaType: m.MediaType, Digest: layer, Size: m.Size,
			Annotations: map[string]string{annotationTitle: "index.db"},
		}},
		Annotations: annotations,
	})
}

// parse reads a manifest. Whatever is not an index that this layergate can
// read is an error that says what it is.
func parse(raw []byte) (*Manifest, error) {
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("its manifest has %d bytes, more than the %d that are read", len(raw), maxManifest)
	}
	var in v1.Manifest
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	if in.ArtifactType != ArtifactType {
		return nil, fmt.Errorf("it holds no advisory index but %s", kindOf(in))
	}
	m := &Manifest{Version: in.Annotations[annotationVersion]}
	if err := m.readIndex(in); err != nil {
		return nil, fmt.Errorf("its manifest cannot be used: %w", err)
	}
	if err := m.readAnnotations(in.Annotations); err != nil {
		return nil, fmt.Errorf("its manifest cannot be used: %w", err)
	}
	if m.Format > store.FormatVersion {
		return nil, fmt.Errorf("the index has format version %d and this layergate reads up to %d; update layergate", m.Format, store.FormatVersion)
	}
	return m, nil
}

// kindOf says what a manifest is that is no index's.
func kindOf(m v1.Manifest) string {
	switch {
	case m.ArtifactType != "":
		return fmt.Sprintf("%q", m.ArtifactType)
	case m.MediaType.IsIndex():
		return "a list of images"
	case m.Config.MediaType.IsConfig():
		return "a container image"
	}
	return fmt.Sprintf("%q", m.Config.MediaType)
}

// readIndex finds the layer that is the index. Others may be added one day.
func (m *Manifest) readIndex(in v1.Manifest) error {
	var found *v1.Descriptor
	for _, d := range in.Layers {
		if d.MediaType != IndexType {
			continue
		}
		if found != nil {
			return errors.New("it has more than one index")
		}
		found = &d
	}
	switch {
	case found == nil:
		return fmt.Errorf("it has no layer of type %s", IndexType)
	case found.Digest.Algorithm != "sha256":
		return fmt.Errorf("the index's digest is not by SHA-256 but %q", found.Digest.Algorithm)
	case found.Size <= 0 || found.Size > maxIndex:
		return fmt.Errorf("the index is said to have %d bytes, and up to %d are read", found.Size, int64(maxIndex))
	}
	m.Statement = Statement{Type: StatementType, MediaType: IndexType, Digest: found.Digest.String(), Size: found.Size}
	return nil
}

func (m *Manifest) readAnnotations(a map[string]string) error {
	contents, err := v1.NewHash(a[annotationContents])
	if err != nil {
		return fmt.Errorf("annotation %s: %w", annotationContents, err)
	}
	m.Contents = contents.String()
	if m.Built, err = readTime(a, annotationBuilt); err != nil {
		return err
	}
	if m.Newest, err = readTime(a, annotationNewest); err != nil {
		return err
	}
	if m.Format, err = strconv.Atoi(a[annotationFormat]); err != nil {
		return fmt.Errorf("annotation %s: %w", annotationFormat, err)
	}
	if err := json.Unmarshal([]byte(a[annotationSources]), &m.Sources); err != nil {
		return fmt.Errorf("annotation %s: %w", annotationSources, err)
	}
	if s, ok := a[annotationSignature]; ok {
		if m.Signature, err = base64.StdEncoding.Strict().DecodeString(s); err != nil {
			return fmt.Errorf("annotation %s: %w", annotationSignature, err)
		}
	}
	return nil
}

// readTime reads a time as encode writes it and in no other way, so that a
// statement has one text.
func readTime(a map[string]string, key string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, a[key])
	if err != nil {
		return t, fmt.Errorf("annotation %s: %w", key, err)
	}
	if t = t.UTC(); t.Format(time.RFC3339Nano) != a[key] {
		return t, fmt.Errorf("annotation %s: %q is not in UTC or not in RFC 3339's shortest form", key, a[key])
	}
	return t, nil
}
