package scan

import (
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/result"
)

// blank is a result about which nothing is known but by what it is made.
func (o Options) blank() *result.Result {
	r := &result.Result{
		SchemaVersion: result.SchemaVersion,
		Tool:          result.Tool{Name: "layergate", Version: o.Version},
		Created:       o.Created.UTC(),
		Image:         result.Image{Name: o.Reference},
		Policy:        result.Policy{Location: o.PolicyLocation, Digest: o.PolicyDigest},
		Layers:        []result.Layer{},
		Findings:      []finding.Finding{},
		Incomplete:    []finding.Gap{},
		Packages:      []result.Package{},
		Totals:        result.Count(nil),
	}
	info := o.Index.Info()
	r.Database = result.Database{Location: o.IndexLocation, Digest: info.Digest, Built: info.Built, Newest: info.Newest}
	for _, s := range info.Sources {
		r.Database.Sources = append(r.Database.Sources,
			result.Source{Name: s.Name, Date: s.Date, Records: s.Records, Partial: s.Partial, Licence: s.Licence})
	}
	return r
}

// failed marks a result as that of a scan that could not be completed.
func failed(r *result.Result, subject string, err error) *result.Result {
	r.Incomplete = append(r.Incomplete, finding.Gap{
		Kind: finding.Unreadable, Subject: subject, Reason: err.Error(), Layer: -1,
	})
	r.Failed = err.Error()
	r.Verdict = notCompleted(r.Failed)
	return r
}

// describe writes what the image says of itself into the result.
func describe(r *result.Result, img *image.Image) {
	r.Image = result.Image{
		Name: img.Name, Source: img.Source, Location: img.Location, ID: img.ID, Digest: img.Digest,
		Tags: img.Tags, Platform: img.Platform, Created: recordable(img.Created), Labels: img.Config.Labels, Notes: img.Notes,
	}
	for _, l := range img.Layers {
		r.Layers = append(r.Layers, result.Layer{
			Index: l.Index, Instruction: l.Instruction, CreatedBy: l.CreatedBy, Created: recordable(l.Created),
			Origin: l.Origin, Empty: l.Empty, DiffID: l.DiffID, Digest: l.Digest, Size: max(l.Size, 0),
		})
	}
}

// recordable is a time in UTC, or none where JSON cannot have it (RFC 3339,
// years of four digits): an image may say anything.
func recordable(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// take writes the inventory into the result.
func take(r *result.Result, inv *inventory.Inventory) {
	r.Distro = inv.Distro
	for _, p := range inv.Packages {
		r.Packages = append(r.Packages, pack(p))
		if p.Layer >= 0 && p.Layer < len(r.Layers) {
			r.Layers[p.Layer].Packages++
		}
	}
	for _, p := range inv.Removed {
		r.Removed = append(r.Removed, result.Removed{Package: pack(p.Package), RemovedIn: p.RemovedIn})
	}
	if inv.Distro == nil && len(inv.Packages) == 0 {
		r.Image.Notes = append(r.Image.Notes,
			"no distribution and no packages were recognised in this image: there was nothing to look up")
	}
}

func pack(p inventory.Package) result.Package {
	source := p.SourceName
	if source != "" && p.SourceVer != "" && p.SourceVer != p.Version {
		source += "@" + p.SourceVer
	} else if source == p.Name {
		source = ""
	}
	return result.Package{
		Type: p.Type, Name: p.Name, Version: p.Version, Arch: p.Arch, PURL: p.PURL, Source: source,
		Path: p.Path, OwnedBy: p.OwnedBy, Layer: p.Layer, FirstLayer: p.FirstLayer,
	}
}
