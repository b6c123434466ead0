// Package result is the JSON that a scan writes and that every report, wrapper
// and later command reads. docs/result.schema.json is its published schema.
//
// The same image, index and policy give the same bytes: nothing here is random,
// and the only time of day is Created (SOURCE_DATE_EPOCH is respected).
package result

import (
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// SchemaVersion is the version of the shape below. It grows when a reader of
// the older shape would misread the newer.
const SchemaVersion = 1

// Result is one scan of one image.
type Result struct {
	SchemaVersion int               `json:"schemaVersion"`
	Tool          Tool              `json:"tool"`
	Created       time.Time         `json:"created"`
	Image         Image             `json:"image"`
	Distro        *image.Distro     `json:"distro,omitempty"`
	Database      Database          `json:"database"`
	Policy        Policy            `json:"policy"`
	Failed        string            `json:"failed,omitempty"` // why the scan could not be completed; no policy lets such a result pass
	Verdict       Verdict           `json:"verdict"`
	Remedies      []Remedy          `json:"remedies,omitempty"` // what clears everything that blocks, by layer
	Totals        Totals            `json:"totals"`
	Layers        []Layer           `json:"layers"`
	Findings      []finding.Finding `json:"findings"`
	Incomplete    []finding.Gap     `json:"incomplete"` // empty, never null, when the scan is complete
	Packages      []Package         `json:"packages"`
	Removed       []Removed         `json:"removed,omitempty"`
}

// Tool is the programme that scanned.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Image is what was scanned.
type Image struct {
	Name     string            `json:"name"`
	Source   string            `json:"source"`
	Location string            `json:"location,omitempty"`
	ID       string            `json:"id,omitempty"`
	Digest   string            `json:"digest,omitempty"`
	Tags     []string          `json:"tags,omitempty"`
	Platform image.Platform    `json:"platform"`
	Created  time.Time         `json:"created,omitzero"`
	Labels   map[string]string `json:"labels,omitempty"`
	Notes    []string          `json:"notes,omitempty"`
}

// Layer is one instruction of the image, lowest first.
type Layer struct {
	Index       int          `json:"index"`
	Instruction string       `json:"instruction,omitempty"`
	CreatedBy   string       `json:"createdBy,omitempty"`
	Created     time.Time    `json:"created,omitzero"`
	Origin      image.Origin `json:"origin,omitempty"`
	Empty       bool         `json:"empty,omitempty"`
	DiffID      string       `json:"diffId,omitempty"`
	Digest      string       `json:"digest,omitempty"`
	Size        int64        `json:"size"` // stored bytes
	Packages    int          `json:"packages"`
	Dockerfile  *Place       `json:"dockerfile,omitempty"` // where the instruction stands; nil where that is not known
}

// Place is some lines of a file in the sources that an image is built from.
type Place struct {
	Path    string `json:"path"`    // relative to the repository's root, with slashes
	Line    int    `json:"line"`    // from 1
	EndLine int    `json:"endLine"` // not before Line
}

// Database is the advisory index that was used.
type Database struct {
	Location string    `json:"location"` // "embedded" or a path
	Digest   string    `json:"digest"`
	Built    time.Time `json:"built"`  // when it was compiled
	Newest   time.Time `json:"newest"` // the newest date of any source
	Sources  []Source  `json:"sources"`
}

// Source is one feed of the index.
type Source struct {
	Name    string    `json:"name"`
	Date    time.Time `json:"date"` // of its newest record
	Records int       `json:"records"`
	Partial bool      `json:"partial,omitempty"` // it is known not to have all that its publisher has
	Licence string    `json:"licence,omitempty"`
}

// Policy is the policy that decided.
type Policy struct {
	Location string `json:"location"` // "embedded" or a path
	Digest   string `json:"digest"`   // sha256 of its bytes
	Rule     string `json:"rule"`     // the rule whose scope matched
}

// Verdict is the policy's answer for the whole image.
type Verdict struct {
	Action     finding.Action `json:"action"`     // pass, alert or block
	Incomplete bool           `json:"incomplete"` // the scan has gaps that the policy does not accept
	ExitCode   int            `json:"exitCode"`
	Reasons    []string       `json:"reasons"`
}

// Remedy is one change to the image that clears findings that block: the
// upgrade of what is built from one source package, or, where To is empty,
// something for people to decide on.
type Remedy struct {
	Layer    int          `json:"layer"` // the instruction to change; -1 where none can be named
	Kind     finding.Kind `json:"kind"`
	Type     string       `json:"type,omitempty"`     // of the packages, as in their purl
	Source   string       `json:"source,omitempty"`   // their source package, if it has another name
	Packages []string     `json:"packages,omitempty"` // their names, sorted; none where the findings are of no package
	From     string       `json:"from,omitempty"`     // the installed version
	To       []string     `json:"to,omitempty"`       // the version to take; several where they cannot be compared, the highest then being meant
	Paths    []string     `json:"paths,omitempty"`    // the files, sorted; not for a distro's packages
	IDs      []string     `json:"ids"`                // what it clears, sorted
	Findings int          `json:"findings"`           // how many findings that are
}

// Totals counts findings.
type Totals struct {
	BySeverity map[string]int `json:"bySeverity"` // every severity is a key
	ByAction   map[string]int `json:"byAction"`   // every action is a key
	Fixable    int            `json:"fixable"`
}

// Package is one installed package.
type Package struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Version    string `json:"version"`
	Arch       string `json:"arch,omitempty"`
	PURL       string `json:"purl"`
	Source     string `json:"source,omitempty"` // source package, as name or name@version
	Path       string `json:"path"`
	OwnedBy    string `json:"ownedBy,omitempty"`
	Layer      int    `json:"layer"`
	FirstLayer int    `json:"firstLayer"`
}

// Removed is a package that is gone from the image but still in its bytes.
type Removed struct {
	Package
	RemovedIn int `json:"removedIn"`
}
