package language

import (
	"compress/zlib"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// maxCrates bounds the inflated record of a Rust binary, as cargo-auditable's
// own reader does.
const maxCrates = 8 << 20

// crateSection is where cargo-auditable leaves its record
// (https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md);
// nil where it left none.
func crateSection(file *elf.File) *elf.Section {
	if s := file.Section(".dep-v0"); s != nil {
		return s
	}
	return file.Section(".rust-deps-v0") // before cargo-auditable 0.5
}

// readRust adds the crates that are compiled into a binary. Crates that only
// took part in the build are not in it.
func readRust(c *inventory.Contents, f layer.File, section io.Reader) error {
	inflated, err := zlib.NewReader(section)
	if err != nil {
		return fmt.Errorf("inflating the cargo-auditable record: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(inflated, maxCrates+1))
	if err == nil && len(text) > maxCrates {
		err = fmt.Errorf("it is larger than %d bytes", maxCrates)
	}
	if err != nil {
		return fmt.Errorf("inflating the cargo-auditable record: %w", err)
	}
	var record struct {
		Packages []struct{ Name, Version, Kind string }
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return fmt.Errorf("cargo-auditable record: %w", err)
	}
	for _, p := range record.Packages {
		if p.Kind != "build" && p.Name != "" {
			c.Packages = append(c.Packages, newPackage(packageurl.TypeCargo, p.Name, p.Version, f.Path))
		}
	}
	return nil
}
