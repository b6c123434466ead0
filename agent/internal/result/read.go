package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxBytes bounds a result. One of an image with 20,000 packages and as many
// findings has about 40 MB.
const maxBytes = 256 << 20

// Read reads a result that Write has written, perhaps elsewhere and long ago.
// It is checked, so that whoever uses it can follow every index in it.
func Read(r io.Reader) (*Result, error) { return read(r, maxBytes) }

func read(r io.Reader, limit int64) (*Result, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("reading a result: it has more than %d MiB, which no result has", limit>>20)
	}
	if err := checkHead(text); err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	var result Result
	if err := json.Unmarshal(text, &result); err != nil {
		return nil, fmt.Errorf("reading a result: %w", explain(text, err))
	}
	counted := 0
	for _, n := range result.Totals.BySeverity {
		counted += n
	}
	if counted != len(result.Findings) { // some got lost, or came twice
		return nil, fmt.Errorf("reading a result: it has %d findings, and its totals are of %d: make it again", len(result.Findings), counted)
	}
	if err := result.validate(); err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	return &result, nil
}

// checkHead looks at the version before anything else, since the rest may have
// another shape, and at whether all parts are there.
func checkHead(text []byte) error {
	var head struct {
		SchemaVersion *int    `json:"schemaVersion"`
		Database      present `json:"database"`
		Verdict       present `json:"verdict"`
		Totals        present `json:"totals"`
		Layers        present `json:"layers"`
		Findings      present `json:"findings"`
		Incomplete    present `json:"incomplete"`
		Packages      present `json:"packages"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return explain(text, err)
	}
	switch v := head.SchemaVersion; {
	case v == nil:
		return errors.New(`it is JSON but no result of layergate: it has no "schemaVersion"; make one with "layergate scan --format json"`)
	case *v > SchemaVersion:
		return fmt.Errorf("it has schema version %d, of a newer layergate, and this one reads up to %d: update layergate", *v, SchemaVersion)
	case *v < 1:
		return fmt.Errorf("there is no schema version %d", *v)
	}
	for _, part := range []struct {
		there present
		name  string
	}{
		{head.Database, "database"}, {head.Verdict, "verdict"}, {head.Totals, "totals"}, {head.Layers, "layers"},
		{head.Findings, "findings"}, {head.Incomplete, "incomplete"}, {head.Packages, "packages"},
	} {
		if !part.there {
			return fmt.Errorf("it has no %q, as every result has: make it again", part.name)
		}
	}
	return nil
}

// present says that a part is there and not null. A part that got lost must
// not read as an empty one: a result without findings looks clean.
type present bool

// UnmarshalJSON only looks; nothing is copied.
func (p *present) UnmarshalJSON(text []byte) error {
	*p = string(text) != "null"
	return nil
}

// explain says what an error of encoding/json means for a file.
func explain(text []byte, err error) error {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case len(text) == 0:
		return errors.New("it is empty")
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(text)) && syntax.Error() == "unexpected end of JSON input":
		return fmt.Errorf("it is cut short after %d bytes: make it again", len(text))
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON at byte %d: %w", syntax.Offset, err)
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Errorf("it is JSON but no result of layergate: its type is %s", wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s at byte %d cannot be of type %s", wrongType.Field, wrongType.Offset, wrongType.Value)
	}
	return err
}
