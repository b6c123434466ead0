package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// openPath opens an archive or a folder. kind is a source's name, or empty to
// tell from the contents.
func openPath(ctx context.Context, ref, kind string, o Options, want platform) (*image.Image, error) {
	p, name, st, err := splitPath(ref)
	if err != nil {
		return nil, err
	}
	if kind == RootFS && (!st.IsDir() || name != "") {
		return nil, fmt.Errorf("%s is no folder", ref)
	}
	var img *image.Image
	if st.IsDir() {
		img, err = openFolder(ctx, p, name, kind, want)
	} else {
		img, err = openArchive(ctx, p, name, kind, o, want)
	}
	if err != nil {
		return nil, err
	}
	img.Location = p
	return img, nil
}

// splitPath splits PATH[:REF]: the path is the longest part that exists.
func splitPath(ref string) (p, name string, st fs.FileInfo, err error) {
	for p = ref; ; {
		st, err = os.Stat(p)
		if err == nil {
			return p, strings.TrimPrefix(ref[len(p):], ":"), st, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return "", "", nil, fmt.Errorf("no permission to read %s", p)
		}
		i := strings.LastIndexByte(p, ':')
		if i <= 0 {
			return "", "", nil, notHere("there is no file or folder %s", ref)
		}
		p = p[:i]
	}
}

// openFolder opens an OCI layout or a root file system.
func openFolder(ctx context.Context, dir, name, kind string, want platform) (*image.Image, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", withoutPath(err))
	}
	var img *image.Image
	f := folder{root}
	layout := exists(f, "index.json") && exists(f, "oci-layout")
	switch {
	case kind == RootFS:
		img, err = openRootFS(root, want)
	case kind == OCILayout && !layout:
		err = errors.New("the folder is no OCI layout: it has no oci-layout and index.json")
	case kind == OCILayout, kind == "" && layout:
		kind = OCILayout
		img, err = openOCI(ctx, f, name, want)
	case kind != "":
		err = fmt.Errorf("%s is a folder: an OCI layout is opened with %s:%s", dir, OCILayout, dir)
	case isRootFS(root) && name == "":
		kind = RootFS
		img, err = openRootFS(root, want)
	default:
		err = notHere("the folder %s is neither an OCI layout nor a root file system (if it is one after all: %s:%s)", dir, RootFS, dir)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	img.Source, img.Closer = kind, root
	return img, nil
}

// openArchive opens a docker or OCI archive, compressed or not.
func openArchive(ctx context.Context, p, name, kind string, o Options, want platform) (*image.Image, error) {
	file, size, err := plainFile(ctx, p, o.TempDir)
	if err != nil {
		return nil, err
	}
	img, err := openTar(ctx, file, size, name, kind, want)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	img.Closer = file
	return img, nil
}

// openTar tells a docker archive from an OCI archive by what is in it.
// Archives of docker since 25 are both; as a docker archive they name layers
// and tags as docker does.
func openTar(ctx context.Context, r io.ReaderAt, size int64, name, kind string, want platform) (*image.Image, error) {
	plain, err := isTar(r)
	if err != nil {
		return nil, fmt.Errorf("reading it: %w", withoutPath(err))
	}
	if !plain {
		return nil, notHere("it is no image archive: it does not begin like a tar, gzip or zstd file")
	}
	f, err := indexTar(ctx, r, size)
	if err != nil {
		return nil, err
	}
	docker := exists(f, "manifest.json") || exists(f, "repositories")
	layout := exists(f, "index.json")
	var img *image.Image
	switch {
	case kind == OCIArchive || kind == OCILayout || kind == "" && layout && !docker:
		kind = OCIArchive
		img, err = openOCI(ctx, f, name, want)
	case kind == DockerArchive || docker:
		kind = DockerArchive
		img, err = openDockerArchive(f, name, want)
	default:
		err = errors.New("the archive is no image: it has neither manifest.json nor index.json" +
			" (an archive of docker export has lost the image: use docker save)")
	}
	if errors.Is(err, fs.ErrNotExist) && f.endless {
		return nil, fmt.Errorf("%w, and the archive does not end as a tar does: it may be truncated; write or copy it again", err)
	}
	if err != nil {
		return nil, err
	}
	img.Source = kind
	return img, nil
}

// plainFile opens a file whose uncompressed bytes can be sought: itself, or a
// spooled copy of what is compressed or comes through a pipe.
func plainFile(ctx context.Context, p, tempDir string) (*os.File, int64, error) {
	file, err := os.Open(p)
	if err != nil {
		return nil, 0, fmt.Errorf("opening it: %w", withoutPath(err))
	}
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		file, err = respool(ctx, file, file, tempDir)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("reading it: %w", withoutPath(err)), file.Close())
	}
	head := make([]byte, 8)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, errors.Join(fmt.Errorf("reading it: %w", withoutPath(err)), file.Close())
	}
	z, err := decompressor(head[:n], io.NewSectionReader(file, 0, 1<<62))
	if err == nil && z != nil {
		file, err = respool(ctx, z, file, tempDir)
		_ = z.Close() // frees memory; what it could say, reading to the end has said
		if err != nil {
			err = fmt.Errorf("decompressing it: %w", err)
		}
	}
	if err == nil {
		st, err = file.Stat()
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, st.Size(), nil
}

// respool spools r, which reads from file, and closes file. On an error file
// is what comes back, still open.
func respool(ctx context.Context, r io.Reader, file *os.File, tempDir string) (*os.File, error) {
	s, err := spool(ctx, r, tempDir)
	if err != nil {
		return file, err
	}
	return s, file.Close()
}
