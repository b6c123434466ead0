package result

import (
	"bytes"
	"encoding"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../../../docs/result.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check validates a result, as Write writes it, against the schema.
func check(t *testing.T, s *jsonschema.Schema, r *Result) error {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestSchemaAcceptsResults(t *testing.T) {
	s := schema(t)
	if err := check(t, s, sample()); err != nil {
		t.Errorf("every field set: %v", err)
	}
	failed := sample()
	failed.Failed, failed.Verdict.ExitCode = "no such image", 1
	if err := check(t, s, failed); err != nil {
		t.Errorf("a scan that failed: %v", err)
	}
	if err := check(t, s, &Result{SchemaVersion: SchemaVersion, Verdict: Verdict{Action: "pass"}}); err != nil {
		t.Errorf("no field set: %v", err)
	}
}

// The schema and the checks of this package agree on what is wrong.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	for _, change := range []struct{ from, to string }{
		{`"schemaVersion": 1`, `"schemaVersion": 2`},
		{`"severity": "critical"`, `"severity": "dreadful"`},
		{`"kind": "vulnerability"`, `"kind": "bug"`},
		{`"kind": "undecided"`, `"kind": "so-so"`},
		{`"layer": -1`, `"layer": -2`},
		{`"epss": 0.94358`, `"epss": 94.358`},
		{`"fixState": "fixed"`, `"fixState": "maybe"`},
		{`"line": 3`, `"line": 0`},
		{`"kind": "vulnerability",
      "type": "maven"`, `"kind": "bug"`},
		{`"origin": "base"`, `"origin": "below"`},
		{`"exitCode": 2`, `"exitCode": 3`},
		{`"findings": [`, `"findings": null, "x": [`},
	} {
		var b bytes.Buffer
		if err := Write(&b, sample()); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(b.String(), change.from, change.to, 1)
		if text == b.String() {
			t.Fatalf("the sample has no %s", change.from)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("the schema accepts %s", change.to)
		}
		if strings.Contains(change.to, "null") {
			continue // Read takes null for an empty list
		}
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("Read accepts %s", change.to)
		}
	}
}

// Every field of the Go types is in the schema, required or not as its tag
// says, and the schema has no others: the two cannot drift apart.
func TestSchemaHasEveryField(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	compareType(t, root, root, reflect.TypeFor[Result](), "result")
}

func compareType(t *testing.T, root, node map[string]any, typ reflect.Type, path string) {
	t.Helper()
	if ref, ok := node["$ref"].(string); ok {
		node = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	isText := typ.Implements(reflect.TypeFor[encoding.TextMarshaler]())
	switch {
	case typ.Kind() == reflect.Slice:
		items, ok := node["items"].(map[string]any)
		if !ok || node["type"] != "array" {
			t.Errorf("%s is a list, and no array in the schema", path)
			return
		}
		compareType(t, root, items, typ.Elem(), path+"[]")
	case typ.Kind() == reflect.Struct && !isText:
		compareFields(t, root, node, typ, path)
	case typ == reflect.TypeFor[time.Time]():
		if node["format"] != "date-time" {
			t.Errorf("%s is a time, and not one in the schema", path)
		}
	}
}

func compareFields(t *testing.T, root, node map[string]any, typ reflect.Type, path string) {
	t.Helper()
	if node["additionalProperties"] != false {
		t.Errorf("%s allows additional properties", path)
	}
	properties := node["properties"].(map[string]any)
	names, required := []string{}, []string{}
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
		if p, ok := properties[name].(map[string]any); ok {
			compareType(t, root, p, f.Type, path+"."+name)
		}
	}
	inSchema := []string{}
	if list, ok := node["required"].([]any); ok {
		for _, r := range list {
			inSchema = append(inSchema, r.(string))
		}
	}
	slices.Sort(names)
	slices.Sort(required)
	slices.Sort(inSchema)
	if diff := cmp.Diff(names, slices.Sorted(maps.Keys(properties))); diff != "" {
		t.Errorf("%s: fields (-Go +schema):\n%s", path, diff)
	}
	if diff := cmp.Diff(required, inSchema); diff != "" {
		t.Errorf("%s: required (-Go +schema):\n%s", path, diff)
	}
}

// The words that the schema lists are those that this package knows.
func TestSchemaWords(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Defs map[string]struct {
			Properties map[string]struct{ Enum []any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		def, property string
		want          []string
	}{
		{"finding", "kind", words(kinds)},
		{"finding", "fixState", words(fixStates[1:])}, // the first is absence
		{"remedy", "kind", words(kinds)},
		{"verdict", "action", words(actions)},
		{"gap", "kind", words(gapKinds)},
	} {
		got := []string{}
		for _, w := range root.Defs[c.def].Properties[c.property].Enum {
			got = append(got, w.(string))
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s.%s (-Go +schema):\n%s", c.def, c.property, diff)
		}
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	slices.Sort(out)
	return out
}

// The sample sets every field, so that the schema is tried with all of them.
func TestSampleIsWhole(t *testing.T) {
	set := map[string]bool{}
	note(reflect.ValueOf(*sample()), set)
	failed := sample()
	failed.Failed, failed.Verdict.ExitCode = "no such image", 1
	note(reflect.ValueOf(*failed), set)
	for field, ok := range set {
		if !ok {
			t.Errorf("the sample never sets %s", field)
		}
	}
}

// note records for each field of each struct type whether any value sets it.
func note(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			note(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			note(v.Index(i), set)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().String() + "." + v.Type().Field(i).Name
			set[name] = set[name] || !v.Field(i).IsZero()
			note(v.Field(i), set)
		}
	}
}
