// Command limits does the least that any scanner must do with an image's
// bytes, and nothing else, so that a scan's time can be told as a ratio.
//
//	limits walk FILE     read the headers of every layer of a docker-save archive, seeking over contents
//	limits hash FILE     SHA-256 of the same layers, in parallel
//	limits inflate FILE  decompress every gzip layer of an OCI archive, in parallel
//	limits verify FILE   the same, with the SHA-256 of the compressed bytes
package main

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: limits walk|hash|inflate|verify FILE")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatalf("limits %s %s: %v", os.Args[1], os.Args[2], err)
	}
}

// run does the same work with each of the archive's layers, as many at a time
// as there are cores.
func run(work, file string) error {
	do, ok := map[string]func(layer) error{"walk": walk, "hash": hash, "inflate": inflate, "verify": verify}[work]
	if !ok {
		return errors.New("no such work")
	}
	archive, err := os.Open(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	layers, err := layers(archive)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, layer := range layers {
		group.Go(func() error { return do(layer) })
	}
	return group.Wait()
}

type layer struct {
	name string // in the archive
	*io.SectionReader
}

// layers finds an archive's layers: layer.tar files of docker save, or the
// blobs of an OCI archive that are gzip.
func layers(archive *os.File) ([]layer, error) {
	var layers []layer
	r := tar.NewReader(archive)
	for {
		header, err := r.Next()
		if err == io.EOF {
			return layers, nil
		}
		if err != nil {
			return nil, err
		}
		at, err := archive.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		section := io.NewSectionReader(archive, at, header.Size)
		head := make([]byte, 2)
		if _, err := section.ReadAt(head, 0); err != nil && err != io.EOF {
			return nil, err
		}
		if strings.HasSuffix(header.Name, "layer.tar") && header.Typeflag == tar.TypeReg || string(head) == "\x1f\x8b" {
			layers = append(layers, layer{header.Name, section})
		}
	}
}

func walk(layer layer) error {
	for r := tar.NewReader(layer); ; {
		if _, err := r.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func hash(layer layer) error {
	_, err := io.CopyBuffer(sha256.New(), layer, make([]byte, 1<<20))
	return err
}

func inflate(layer layer) error { return decompress(bufio.NewReaderSize(layer, 1<<20)) }

func verify(layer layer) error {
	digest := sha256.New()
	if err := decompress(bufio.NewReaderSize(io.TeeReader(layer, digest), 1<<20)); err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", digest.Sum(nil)); got != path.Base(layer.name) {
		return fmt.Errorf("%s has the digest %s", layer.name, got)
	}
	return nil
}

func decompress(r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	_, err = z.WriteTo(io.Discard)
	return err
}
