package fetch

// The sizes that files may have at most.
const (
	mega = 1 << 20
	giga = 1 << 30
)

// Sources are all publishers that can be fetched from. What a mirror serves
// has the same paths. The addresses were looked up in the publishers' own
// pages and in other programmes that use them, in November 2026.
var Sources = []Source{
	{
		Name: "osv", What: "osv.dev: language packages and distributions, one archive for each",
		URL:  "https://storage.googleapis.com/osv-vulnerabilities/<ecosystem>/all.zip",
		Path: "osv/<ecosystem>/all.zip",
		MB:   600, Parts: true, limit: 4 * giga, list: listOSV,
	},
	{
		Name: "alpine", What: "Alpine Linux's security database, each release",
		URL:  "https://secdb.alpinelinux.org/<release>/<repository>.json",
		Path: "alpine-secdb/<release>/<repository>.json",
		MB:   10, Parts: true, limit: 256 * mega, list: listAlpine,
	},
	{
		Name: "debian", What: "the Debian security tracker",
		URL:  "https://security-tracker.debian.org/tracker/data/json",
		Path: "debian-tracker.json",
		MB:   70, limit: giga,
		list: single("debian-tracker.json", "https://security-tracker.debian.org/tracker/data/json"),
	},
	{
		Name: "redhat", What: "Red Hat's CSAF VEX documents: the archive, and those that are newer than it",
		URL:  "https://security.access.redhat.com/data/csaf/v2/vex/<archive>.tar.zst",
		Path: "redhat-vex/<archive>.tar.zst",
		also: []string{"redhat-vex/<year>/<document>.json", "redhat-vex/deletions.csv"},
		MB:   250, limit: 4 * giga, exclusive: true, list: listRedHat,
	},
	{
		Name: "amazon", What: "Amazon Linux's updateinfo: 2 with its extras, 2023; by name also 1 (over plain HTTP) and 2022",
		URL:  "https://cdn.amazonlinux.com/<release>/<repository>/…/updateinfo.xml.gz",
		Path: "amazon/<release>/<repository>/updateinfo.xml.gz",
		MB:   10, Parts: true, limit: 512 * mega, list: listAmazon,
	},
	{
		Name: "oracle", What: "Oracle Linux's OVAL definitions",
		URL:  "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
		Path: "oracle/com.oracle.elsa-all.xml.bz2",
		MB:   15, limit: 512 * mega,
		list: single("oracle/com.oracle.elsa-all.xml.bz2", "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"),
	},
	{
		Name: "wolfi", What: "Wolfi's security feed",
		URL:  "https://packages.wolfi.dev/os/security.json",
		Path: "wolfi/security.json",
		MB:   5, limit: 256 * mega,
		list: single("wolfi/security.json", "https://packages.wolfi.dev/os/security.json"),
	},
	{
		Name: "chainguard", What: "Chainguard's security feed",
		URL:  "https://packages.cgr.dev/chainguard/security.json",
		Path: "chainguard/security.json",
		MB:   10, limit: 256 * mega,
		list: single("chainguard/security.json", "https://packages.cgr.dev/chainguard/security.json"),
	},
	{
		Name: "photon", What: "Photon OS's CVE metadata, each release",
		URL:  "https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon<release>.json",
		Path: "photon/cve_data_photon<release>.json",
		MB:   10, limit: 256 * mega, list: listPhoton,
	},
	{
		Name: "kev", What: "CISA's known exploited vulnerabilities",
		URL:  "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
		Path: "kev.json",
		MB:   2, limit: 64 * mega,
		list: single("kev.json", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"),
	},
	{
		Name: "epss", What: "FIRST's EPSS scores",
		URL:  "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
		Path: "epss.csv.gz",
		MB:   2, limit: 64 * mega,
		list: single("epss.csv.gz", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
	},
}
