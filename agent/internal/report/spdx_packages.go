package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// newSPDXPackage is a package of which no file is listed, and of which nobody has
// asserted where it comes from and under which licence.
func newSPDXPackage(id common.ElementID, name, version, purpose string) *spdx.Package {
	return &spdx.Package{
		PackageSPDXIdentifier:   id,
		PackageName:             cmp.Or(cutField(name), noAssertion),
		PackageVersion:          cutField(version),
		PrimaryPackagePurpose:   purpose,
		PackageSupplier:         &common.Supplier{Supplier: noAssertion},
		PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion,
		PackageLicenseDeclared:  noAssertion,
		PackageCopyrightText:    noAssertion,
	}
}

// imagePackage is what the document is about. Its annotations are what has no
// package of its own: layers, what was removed, findings in files.
func (b spdxBill) imagePackage() *spdx.Package {
	p := newSPDXPackage(spdxImage, b.image.name, b.image.version, "CONTAINER")
	if b.image.purl != "" {
		p.PackageExternalReferences = []*spdx.PackageExternalReference{purlReference(b.image.purl)}
	}
	if sha256Digest.MatchString(b.Image.Digest) {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: strings.TrimPrefix(b.Image.Digest, "sha256:")}}
	}
	said := func(format string, args ...any) {
		p.Annotations = append(p.Annotations, b.annotation(cutField(fmt.Sprintf(format, args...))))
	}
	if b.Image.ID != "" {
		said("image id: %s", b.Image.ID)
	}
	if at := platform(b.Image.Platform); at != "" {
		said("platform: %s", at)
	}
	for _, label := range labelLines(b.Image.Labels) {
		said("label: %s", label)
	}
	for _, l := range b.Layers {
		said("%s", layerLine(l))
	}
	for _, gone := range b.Removed {
		said("removed: %s", removedLine(gone))
	}
	for i := range b.Findings {
		if _, ok := b.packageOf(&b.Findings[i]); !ok {
			said("found: %s", b.findingLine(&b.Findings[i]))
		}
	}
	return p
}

func (b spdxBill) operatingSystem() *spdx.Package {
	p := newSPDXPackage(spdxOS, cmp.Or(b.Distro.ID, "unknown"), b.Distro.Version, "OPERATING_SYSTEM")
	p.PackageDescription = cutField(b.Distro.Name)
	return p
}

// packageOn is an installed package with what was found in it. Its source is
// worded as Trivy words and reads it. Where it lies is one comment: annotations
// would repeat their author and date for each fact.
func (b spdxBill) packageOn(i int, found []*finding.Finding) *spdx.Package {
	pkg := b.Packages[i]
	p := newSPDXPackage(common.ElementID(b.ids[i]), pkg.Name, pkg.Version, "LIBRARY")
	if source, version, _ := strings.Cut(pkg.Source, "@"); source != "" {
		p.PackageSourceInfo = cutField("built package from: " + strings.TrimSpace(source+" "+cmp.Or(version, pkg.Version)))
	}
	p.PackageComment = whereabouts(b.Result, pkg)
	if validPURL(pkg.PURL) {
		p.PackageExternalReferences = append(p.PackageExternalReferences, purlReference(pkg.PURL))
	}
	for _, f := range found {
		url := Link(f.ID)
		if url == "" {
			p.Annotations = append(p.Annotations, b.annotation("found: "+b.findingLine(f)))
			continue
		}
		p.PackageExternalReferences = append(p.PackageExternalReferences, &spdx.PackageExternalReference{
			Category: common.CategorySecurity, RefType: common.TypeSecurityAdvisory, Locator: url, ExternalRefComment: b.findingLine(f),
		})
	}
	return p
}

func purlReference(purl string) *spdx.PackageExternalReference {
	return &spdx.PackageExternalReference{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl}
}

// findingsByPackage is the findings by their package's place.
func (b spdxBill) findingsByPackage() map[int][]*finding.Finding {
	found := make(map[int][]*finding.Finding)
	for i := range b.Findings {
		if at, ok := b.packageOf(&b.Findings[i]); ok {
			found[at] = append(found[at], &b.Findings[i])
		}
	}
	return found
}

// findingLine is a finding on one line.
func (b spdxBill) findingLine(f *finding.Finding) string {
	return cutField(fmt.Sprintf("%s: %s; %s (%s); %s", f.Severity, title(f), actionWord(f.Verdict.Action), f.Verdict.Reason, solution(b.Result, f)))
}

// whereabouts says where a package lies, who put it there, and which layer it
// came in with: that last, since it ends in what an image may have written.
func whereabouts(r *result.Result, pkg result.Package) string {
	said := []string{"path: " + pkg.Path}
	if pkg.OwnedBy != "" {
		said = append(said, "installed by "+pkg.OwnedBy)
	}
	if pkg.FirstLayer != pkg.Layer {
		said = append(said, fmt.Sprintf("some version of it since layer %d", pkg.FirstLayer))
	}
	if l, ok := layerAt(r, pkg.Layer); ok {
		said = append(said, layerLine(l))
	}
	return cutField(strings.Join(said, "; "))
}
