package scan

import (
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/inventory/distro"
	"github.com/layergate/layergate/agent/internal/inventory/language"
)

// extractors is every format that the inventory knows. A new one is one file
// in its package and one line here.
func extractors() []inventory.Extractor {
	return []inventory.Extractor{
		distro.Release(),
		distro.APK(),
		distro.Dpkg(),
		distro.DpkgFiles(),
		distro.Chisel(),
		distro.RPM(),
		distro.RPMLog(),
		distro.RPMManifest(),
		language.Binary(),
		language.Java(),
		language.NPM(),
		language.Python(),
		language.Gem(),
		language.Composer(),
		language.DotNet(),
		language.Bitnami(),
	}
}
