package feed

// Publisher is where a source comes from and under which licence.
type Publisher struct {
	Licence string // SPDX identifiers where there are; empty if none is stated
	URL     string // the publisher's page about the data
}

// PublisherOf knows the publishers of the sources that Find names. A source
// that it does not know has an empty Publisher.
func PublisherOf(source string) Publisher { return publishers[source] }

const ghsa = "CC-BY-4.0 (GHSA)"

var publishers = map[string]Publisher{
	"AlmaLinux":        {"MIT", "https://github.com/AlmaLinux/osv-database"},
	"Alpine":           {"", "https://secdb.alpinelinux.org/"},
	"Alpine secdb":     {"", "https://secdb.alpinelinux.org/"},
	"Amazon Linux":     {"", "https://alas.aws.amazon.com/"},
	"Azure Linux":      {"MIT", "https://github.com/microsoft/AzureLinuxVulnerabilityData"},
	"Bitnami":          {"Apache-2.0", "https://github.com/bitnami/vulndb"},
	"Chainguard":       {"", "https://advisories.cgr.dev/chainguard/v3/osv/"},
	"Chainguard secdb": {"", "https://packages.cgr.dev/chainguard/security.json"},
	"CISA KEV":         {"CC0-1.0", "https://www.cisa.gov/known-exploited-vulnerabilities-catalog"},
	"crates.io":        {"CC0-1.0, " + ghsa, "https://rustsec.org/"},
	"Debian":           {"", "https://security-tracker.debian.org/"},
	"Debian tracker":   {"", "https://security-tracker.debian.org/"},
	"FIRST EPSS":       {"attribution to FIRST", "https://www.first.org/epss/"},
	"Go":               {"CC-BY-4.0", "https://vuln.go.dev/"},
	"Hex":              {ghsa, "https://github.com/github/advisory-database"},
	"Mageia":           {"", "https://advisories.mageia.org/"},
	"Maven":            {ghsa + ", CC0-1.0 (Anchore CVE enrichment)", "https://github.com/github/advisory-database"},
	"MinimOS":          {"", "https://packages.mini.dev/advisories/osv/"},
	"npm":              {ghsa + ", CC0-1.0 (Anchore CVE enrichment), MIT (node security-wg), Apache-2.0 (RetireJS)", "https://github.com/github/advisory-database"},
	"NuGet":            {ghsa + ", CC0-1.0 (Anchore CVE enrichment)", "https://github.com/github/advisory-database"},
	"openEuler":        {"", "https://repo.openeuler.org/security/data/osv/"},
	"openSUSE":         {"", "https://ftp.suse.com/pub/projects/security/osv/"},
	"Oracle Linux":     {"", "https://linux.oracle.com/security/"},
	"Packagist":        {"Unlicense, " + ghsa, "https://github.com/FriendsOfPHP/security-advisories"},
	"Photon OS":        {"", "https://packages.broadcom.com/photon/photon_cve_metadata/"},
	"Pub":              {ghsa, "https://github.com/github/advisory-database"},
	"PyPI":             {"CC-BY-4.0", "https://github.com/pypa/advisory-database"},
	"Red Hat":          {"CC-BY-4.0", "https://security.access.redhat.com/data/csaf/v2/vex/"},
	"Rocky Linux":      {"", "https://errata.rockylinux.org/"},
	"RubyGems":         {"public domain", "https://github.com/rubysec/ruby-advisory-db"},
	"SUSE":             {"", "https://ftp.suse.com/pub/projects/security/osv/"},
	"Ubuntu":           {"CC-BY-SA-4.0", "https://ubuntu.com/security/cves"},
	"Wolfi":            {"", "https://advisories.cgr.dev/chainguard/v3/osv/"},
	"Wolfi secdb":      {"attribution to Wolfi", "https://packages.wolfi.dev/os/security.json"},
}
