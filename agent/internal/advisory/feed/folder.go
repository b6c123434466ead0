package feed

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Folder is a folder of advisories in the layout that Find knows.
type Folder struct {
	FS    fs.FS
	close func() error
}

// Close frees what Open opened.
func (f *Folder) Close() error { return f.close() }

// Open opens the advisories at a path: a folder, a zip archive of one, or one
// file under its published name. Of that name the folders count as well
// ("v3.20/main.json", "Go/all.zip"). What cannot be read in place goes to
// nameless files in tempDir; "" is the system's folder for them.
func Open(name, tempDir string) (*Folder, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &Folder{os.DirFS(name), func() error { return nil }}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a folder nor a file", name)
	}
	if one, err := openFile(name); one != nil || err != nil {
		return one, err
	}
	if strings.EqualFold(filepath.Ext(name), ".zip") {
		return openZip(name, tempDir)
	}
	return nil, fmt.Errorf("no publisher's file is called %s; name it and its folder as they are published, such as osv/Go/all.zip, alpine-secdb/v3.20/main.json or kev.json", name)
}

// openFile opens one file that a feed claims; it is nil if none does.
func openFile(name string) (*Folder, error) {
	whole, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(filepath.ToSlash(whole), "/")
	// The longest published path has four parts:
	// amazon/2/core/updateinfo.xml.gz. More of a path may say more of the
	// source: all.zip is of any, Go/all.zip is Go's.
	rel, source := "", ""
	for n := 1; n <= min(4, len(parts)-1); n++ {
		u, ok := unitAt(path.Join(parts[len(parts)-n:]...))
		if ok && u.Source != source {
			rel, source = u.Path, u.Source
		}
	}
	if rel == "" {
		return nil, nil
	}
	root := os.DirFS(strings.TrimSuffix(whole, filepath.FromSlash(rel)))
	return &Folder{oneFile{root, rel}, func() error { return nil }}, nil
}

// oneFile is a folder in which there is one file and the folders to it.
type oneFile struct {
	root fs.FS
	path string
}

// Open opens the file.
func (o oneFile) Open(name string) (fs.File, error) {
	if name != o.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.root.Open(name)
}

// Stat tells of the file, or of a folder on the way to it.
func (o oneFile) Stat(name string) (fs.FileInfo, error) { return fs.Stat(o.root, name) }

// ReadDir lists the one thing that is in a folder.
func (o oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	rest, ok := o.path, true
	if name != "." {
		rest, ok = strings.CutPrefix(o.path, name+"/")
	}
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	first, _, _ := strings.Cut(rest, "/")
	info, err := fs.Stat(o.root, path.Join(name, first))
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// openZip opens a zip archive of a folder, or of one that holds the folder.
func openZip(name, tempDir string) (*Folder, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, fmt.Errorf("%s: not a whole zip archive: %w", name, err)
	}
	if len(z.File) > maxUnits {
		return nil, errors.Join(fmt.Errorf("%s: more than %d files", name, maxUnits), z.Close())
	}
	var root fs.FS = zipFolder{&z.Reader, tempDir}
	if inner := onlyFolder(root); inner != "" {
		in, err := fs.Sub(root, inner)
		if err != nil {
			return nil, errors.Join(err, z.Close())
		}
		if here, below := countUnits(root), countUnits(in); below > here {
			root = in
		}
	}
	return &Folder{root, z.Close}, nil
}

// onlyFolder is the one thing at the root, if that is a folder.
func onlyFolder(root fs.FS) string {
	list, err := fs.ReadDir(root, ".")
	if err != nil || len(list) != 1 || !list[0].IsDir() {
		return ""
	}
	return list[0].Name()
}

// countUnits is how many files are claimed; of a folder that cannot be
// searched, none.
func countUnits(root fs.FS) int {
	units, err := Find(root)
	if err != nil {
		return 0
	}
	return len(units)
}
