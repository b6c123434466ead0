package report

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// gitlabSchemaTest is our own restatement of what GitLab's security report
// schemas 15.2.1 ask of the fields that we write; theirs are not ours to ship.
// It is stricter: no field but these, so that a slip of the pen shows. LOCATION
// and TYPE differ between container scanning and secret detection.
const gitlabSchemaTest = `{
"type": "object", "required": ["version", "scan", "vulnerabilities"], "additionalProperties": false,
"properties": {
  "version": {"const": "15.2.1"},
  "scan": {
    "type": "object", "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"], "additionalProperties": false,
    "properties": {
      "analyzer": {"$ref": "#/$defs/tool"}, "scanner": {"$ref": "#/$defs/tool"},
      "start_time": {"$ref": "#/$defs/time"}, "end_time": {"$ref": "#/$defs/time"},
      "status": {"enum": ["success", "failure"]},
      "type": {"const": "TYPE"},
      "messages": {"type": "array", "items": {
        "type": "object", "required": ["level", "value"], "additionalProperties": false,
        "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": {"$ref": "#/$defs/some"}}}}
    }
  },
  "vulnerabilities": {"type": "array", "items": {
    "type": "object", "required": ["id", "identifiers", "location", "name", "description", "severity"], "additionalProperties": false,
    "properties": {
      "id": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},
      "name": {"type": "string", "minLength": 1, "maxLength": 255},
      "description": {"type": "string", "minLength": 1, "maxLength": 1048576},
      "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
      "solution": {"type": "string", "minLength": 1, "maxLength": 7000},
      "identifiers": {"type": "array", "minItems": 1, "maxItems": 20, "uniqueItems": true, "items": {
        "type": "object", "required": ["type", "name", "value"], "additionalProperties": false,
        "properties": {"type": {"$ref": "#/$defs/short"}, "name": {"$ref": "#/$defs/short"}, "value": {"$ref": "#/$defs/short"}, "url": {"$ref": "#/$defs/url"}}}},
      "cvss_vectors": {"type": "array", "minItems": 1, "maxItems": 10, "uniqueItems": true, "items": {
        "type": "object", "required": ["vendor", "vector"], "additionalProperties": false,
        "properties": {"vendor": {"$ref": "#/$defs/some"}, "vector": {"type": "string", "maxLength": 128,
          "pattern": "^(CVSS:3[.][01]/([A-Z]{1,3}:[A-Z]/){7,}[A-Z]{1,3}:[A-Z]|([ACI][VCu]?:[A-Z]/){5}A:[NPC](/[A-Za-z]{1,3}:[A-Z]{1,3})*)$"}}}},
      "links": {"type": "array", "items": {
        "type": "object", "required": ["url"], "additionalProperties": false,
        "properties": {"name": {"type": "string"}, "url": {"$ref": "#/$defs/url"}}}},
      "location": LOCATION,
      "details": {"type": "object", "additionalProperties": {"allOf": [
        {"required": ["name"], "properties": {"name": {"$ref": "#/$defs/some"}}}, {"$ref": "#/$defs/detail"}]}}
    }
  }}
},
"$defs": {
  "some": {"type": "string", "minLength": 1},
  "short": {"type": "string", "minLength": 1, "maxLength": 255},
  "url": {"type": "string", "pattern": "^https://[!-~]+$"},
  "time": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$"},
  "tool": {
    "type": "object", "required": ["id", "name", "version", "vendor", "url"], "additionalProperties": false,
    "properties": {
      "id": {"$ref": "#/$defs/some"}, "name": {"$ref": "#/$defs/some"}, "version": {"$ref": "#/$defs/some"}, "url": {"$ref": "#/$defs/url"},
      "vendor": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/$defs/some"}}}}},
  "detail": {"oneOf": [
    {"required": ["value"], "properties": {"type": {"enum": ["text", "code"]}, "value": {"type": "string"}, "name": {}}, "additionalProperties": false},
    {"required": ["file_name", "line_start"], "additionalProperties": false, "properties": {
      "type": {"const": "file-location"}, "file_name": {"$ref": "#/$defs/some"}, "name": {},
      "line_start": {"type": "integer", "minimum": 1}, "line_end": {"type": "integer", "minimum": 1}}},
    {"required": ["items"], "additionalProperties": false, "properties": {
      "type": {"const": "list"}, "name": {}, "items": {"type": "array", "items": {"$ref": "#/$defs/detail"}}}},
    {"required": ["header", "rows"], "additionalProperties": false, "properties": {
      "type": {"const": "table"}, "name": {},
      "header": {"type": "array", "items": {"$ref": "#/$defs/detail"}},
      "rows": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/detail"}}}}}
  ]}
}}`

// packageLocation is of container scanning. GitLab's index over name, version
// and image takes 2,704 bytes, so ours have fewer characters than its schema
// would allow.
const packageLocation = `{
  "type": "object", "required": ["dependency", "operating_system", "image"], "additionalProperties": false,
  "properties": {
    "dependency": {"type": "object", "required": ["package", "version"], "additionalProperties": false, "properties": {
      "package": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 200}}},
      "version": {"type": "string", "maxLength": 100}}},
    "operating_system": {"$ref": "#/$defs/some"},
    "image": {"type": "string", "maxLength": 255, "pattern": ".:."},
    "default_branch_image": {"type": "string", "minLength": 1, "maxLength": 255}
  }}`

// fileLocation is of secret detection.
const fileLocation = `{
  "type": "object", "required": ["file", "commit"], "additionalProperties": false,
  "properties": {
    "file": {"type": "string", "minLength": 1, "maxLength": 255},
    "commit": {"type": "object", "required": ["sha"], "additionalProperties": false, "properties": {"sha": {"$ref": "#/$defs/some"}}}
  }}`

// codeQualitySchema restates GitLab's documentation of Code Quality reports.
const codeQualitySchema = `{
"type": "array", "items": {
  "type": "object", "required": ["description", "check_name", "fingerprint", "severity", "location"], "additionalProperties": false,
  "properties": {
    "description": {"type": "string", "minLength": 1},
    "check_name": {"type": "string", "minLength": 1},
    "engine_name": {"const": "layergate"},
    "fingerprint": {"type": "string", "minLength": 1},
    "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
    "location": {"type": "object", "required": ["path", "lines"], "additionalProperties": false, "properties": {
      "path": {"type": "string", "pattern": "^[^/.]|^[.][^/]", "not": {"pattern": "(^|/)[.]{1,2}(/|$)"}},
      "lines": {"type": "object", "required": ["begin"], "additionalProperties": false, "properties": {"begin": {"type": "integer", "minimum": 1}}}}}
  }
}}`

// gitlabSchemas are the three of them by format.
var gitlabSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiled := make(map[string]*jsonschema.Schema)
	for format, text := range map[string]string{
		"gitlab":         strings.NewReplacer("TYPE", "container_scanning", "LOCATION", packageLocation).Replace(gitlabSchemaTest),
		"gitlab-secrets": strings.NewReplacer("TYPE", "secret_detection", "LOCATION", fileLocation).Replace(gitlabSchemaTest),
		"codequality":    codeQualitySchema,
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(format, doc); err != nil {
			return nil, err
		}
		if compiled[format], err = c.Compile(format); err != nil {
			return nil, err
		}
	}
	return compiled, nil
})

// fits checks a report against the schema of its format.
func fits(t *testing.T, format string, report []byte) {
	t.Helper()
	schemas, err := gitlabSchemas()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if err := schemas[format].Validate(doc); err != nil {
		t.Errorf("%s: %v", format, err)
	}
}
