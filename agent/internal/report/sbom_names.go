package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/result"
)

// This file is the names that the bills of materials give to things.

// packageIDs names packages within a document: the same in every document of
// the same packages, and unique. A package URL is not: one package may lie in
// several places. Letters, digits, "." and "-" are what SPDX allows.
func packageIDs(packages []result.Package) []string {
	ids := make([]string, len(packages))
	seen := make(map[string]int, len(packages))
	for i, p := range packages {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q", p.Type, p.Name, p.Version, p.Arch, p.PURL, p.Path))
		id := idWord(p.Type) + "-" + idWord(p.Name) + "-" + hex.EncodeToString(sum[:8])
		ids[i] = distinctID(seen, id)
	}
	return ids
}

// distinctID makes an id unique among those that were seen.
func distinctID(seen map[string]int, id string) string {
	unique := id
	for seen[unique] > 0 {
		seen[id]++
		unique = fmt.Sprintf("%s-%d", id, seen[id])
	}
	seen[unique]++
	return unique
}

var notWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// idWord is a text as a readable part of an id.
func idWord(s string) string {
	s = notWord.ReplaceAllString(s[:min(len(s), 64)], "-")
	return cmp.Or(strings.Trim(s, "-"), "unnamed")
}

// contentUUID is a UUID made of all that a result says: another one where
// anything differs, the same for the same. It is of version 8, made of SHA-256
// as RFC 9562 shows in its appendix B.2.
func contentUUID(r *result.Result) (string, error) {
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(r); err != nil {
		return "", fmt.Errorf("naming the document: %w", err)
	}
	u := hash.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

// validPURL says whether a text is a package URL that consumers take. GitLab
// refuses a whole report for one that is not.
func validPURL(s string) bool {
	if len(s) > 2*maxField || !plainASCII(s) || strings.Contains(s, " ") {
		return false
	}
	p, err := packageurl.FromString(s)
	return err == nil && p.Name != ""
}

// imageName is an image's name, taken apart as far as that can be done.
type imageName struct {
	name    string // without tag and digest
	version string // the tag, else the digest; may be empty
	purl    string // empty where the name or the digest is not known
}

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func nameOf(img result.Image) imageName {
	n := imageName{name: cmp.Or(img.Name, "unnamed image"), version: cmp.Or(img.Digest, img.ID)}
	for _, ref := range registryNames(img) {
		repo, tag := splitReference(ref)
		full, err := name.NewRepository(repo)
		if err != nil {
			continue
		}
		n.name, n.version = repo, cmp.Or(tag, n.version)
		if sha256Digest.MatchString(img.Digest) {
			n.purl = imagePURL(full, tag, img)
		}
		break
	}
	return imageName{name: cutField(n.name), version: cutField(n.version), purl: n.purl}
}

// registryNames are texts that may be the image's name in a registry: not the path
// of an archive, and not a bare tag, which is all that some archives have.
func registryNames(img result.Image) []string {
	var refs []string
	given, prefixed := strings.CutPrefix(img.Name, img.Source+":")
	switch img.Source {
	case "docker", "podman", "registry":
		refs = append(refs, given)
	default:
		if !prefixed && img.Name != img.Location {
			refs = append(refs, img.Name)
		}
	}
	for _, t := range img.Tags {
		if _, tag := splitReference(t); tag != "" {
			refs = append(refs, t)
		}
	}
	return refs
}

func splitReference(ref string) (repo, tag string) {
	repo, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(repo, ':'); i > strings.LastIndexByte(repo, '/') {
		return repo[:i], repo[i+1:]
	}
	return repo, ""
}

// imagePURL is an image's package URL, as the purl specification's type oci has
// it: the last part of the repository, the manifest's digest, the rest as
// qualifiers.
func imagePURL(repo name.Repository, tag string, img result.Image) string {
	path := repo.RepositoryStr()
	host := repo.RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io" // as everyone but the client libraries calls it
	}
	qualifiers := map[string]string{"repository_url": host + "/" + path}
	if tag != "" {
		qualifiers["tag"] = tag
	}
	if plainASCII(img.Platform.Architecture) && img.Platform.Architecture != "" {
		qualifiers["arch"] = img.Platform.Architecture
	}
	return packageurl.NewPackageURL("oci", "", path[strings.LastIndexByte(path, '/')+1:], img.Digest,
		packageurl.QualifiersFromMap(qualifiers), "").ToString()
}
