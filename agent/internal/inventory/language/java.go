package language

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Limits of one Java archive with all that is nested in it.
const (
	maxJarDepth  = 8       // archives within archives; an ear's war's jar is the third
	maxJarNested = 4 << 30 // bytes of nested archives, those of their own nested ones again
	maxJarFiles  = 100_000 // archives, manifests and pom.properties
	maxJarGaps   = 100     // more say nothing new
	maxPOM       = 64 << 10
	maxManifest  = 1 << 20 // of the main section; signatures come after it
)

// Java reads Java archives and the archives within them, to any of the usual
// depths: the libraries of a war, of a Spring Boot jar, of an ear's wars. Of
// each it reads the central directory, every META-INF/maven/…/pom.properties
// (a shaded jar has several) and the manifest.
//
// A nested archive that is stored, as in Spring Boot's jars, is read where it
// lies; a deflated one is inflated, into memory or, if large, into a file.
//
// The Path of a package in a nested archive is the way there,
// "app.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar", not a path of the image.
//
// An archive with pom.properties is what they say. Without, the file's name
// and the manifest tell; see identify. An archive that tells nothing, such as
// an application's own, is no package and no doubt.
func Java() inventory.Extractor {
	return inventory.Extractor{Name: "java", Want: wantJava, Extract: extractJava}
}

func wantJava(f layer.File) layer.Want {
	if f.Size > 0 && isJar(path.Ext(f.Path)) {
		return layer.Take
	}
	return layer.Skip
}

// isJar takes the extension, dot included.
func isJar(extension string) bool {
	switch strings.ToLower(extension) {
	case ".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".lpkg":
		return true
	}
	return false
}

func extractJava(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	j := jars{ctx: ctx, left: maxJarNested, files: maxJarFiles}
	defer j.nest.close()
	if err := j.read(f.Path, content, 1); err != nil {
		return nil, err
	}
	return &j.found, nil
}

// jars reads one archive with all that is nested in it.
type jars struct {
	ctx     context.Context
	found   inventory.Contents
	buffers zipBuffers
	nest    nest
	left    int64 // bytes that nested archives may still have
	files   int   // files that may still be read
}

const manifestName = "META-INF/MANIFEST.MF"

// wantMember picks the members of an archive that are read. It is asked for
// every one and so makes no string of the name.
func wantMember(name []byte) bool {
	if dot := bytes.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= len(".lpkg") && isJar(string(name[dot:])) {
		return true
	}
	return string(name) == manifestName || isPOM(name)
}

func isPOM(name []byte) bool {
	return bytes.HasSuffix(name, []byte("/pom.properties")) && bytes.Contains(name, []byte("META-INF/maven/"))
}

func (j *jars) read(at string, content *io.SectionReader, depth int) error {
	if err := context.Cause(j.ctx); err != nil {
		return err
	}
	if content.Size() == 0 {
		return nil
	}
	z, err := openZip(content, &j.buffers, wantMember)
	if err != nil {
		return err
	}
	if j.files -= len(z.files); j.files < 0 {
		return fmt.Errorf("with it, more than %d files are to be read: %w", maxJarFiles, errLimit)
	}
	var poms []coordinates
	var m manifest
	for _, f := range z.files {
		inner := at + "!/" + f.name
		switch {
		case strings.HasSuffix(f.name, "/"):
		case f.name == manifestName:
			if in, err := z.open(f); err != nil {
				j.gap(inner, err)
			} else if m, err = readManifest(io.LimitReader(in, maxManifest)); err != nil {
				j.gap(inner, err)
			}
		case isPOM([]byte(f.name)):
			if p, err := j.pom(z, f); err != nil {
				j.gap(inner, err)
			} else if p.complete() {
				poms = append(poms, p)
			}
		default:
			if err := j.nested(z, f, inner, depth); err != nil {
				if j.ctx.Err() != nil {
					return err
				}
				j.gap(inner, err)
			}
		}
	}
	for _, c := range identify(at, poms, m) {
		j.found.Packages = append(j.found.Packages, newPackage(packageurl.TypeMaven, c.group+":"+c.artifact, c.version, at))
	}
	return nil
}

func (j *jars) pom(z *zipArchive, f zipFile) (coordinates, error) {
	if f.size > maxPOM {
		return coordinates{}, fmt.Errorf("it has %d bytes, more than the %d that such a file may have", f.size, maxPOM)
	}
	in, err := z.open(f)
	if err != nil {
		return coordinates{}, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return coordinates{}, err
	}
	return parsePOM(text), nil
}

var errLimit = errors.New("beyond the limit")

func (j *jars) nested(z *zipArchive, f zipFile, inner string, depth int) error {
	if depth == maxJarDepth {
		return fmt.Errorf("it is the %dth archive within another: %w", depth, errLimit)
	}
	if j.left -= f.size; f.size < 0 || j.left < 0 {
		return fmt.Errorf("with it, more than %d bytes are nested: %w", int64(maxJarNested), errLimit)
	}
	if f.method == stored {
		section, err := z.section(f)
		if err != nil {
			return err
		}
		return j.read(inner, section, depth+1)
	}
	in, err := z.open(f)
	if err != nil {
		return err
	}
	content, err := j.nest.keep(depth, in, f.size)
	if err != nil {
		return err
	}
	return j.read(inner, content, depth+1)
}

func (j *jars) gap(inner string, err error) {
	if len(j.found.Gaps) == maxJarGaps {
		return
	}
	kind := finding.Unreadable
	if errors.Is(err, errLimit) {
		kind = finding.Limited
	}
	j.found.Gaps = append(j.found.Gaps, finding.Gap{
		Kind: kind, Subject: inner, Reason: "reading it as java: " + err.Error(),
	})
}
