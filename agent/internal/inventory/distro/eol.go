package distro

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// lifecycle is when the releases of one distro end.
type lifecycle struct {
	parts int // how many numbers of VERSION_ID name a release
	ends  map[string]string
}

// lifecycles says, by os-release ID, until which day (yyyy-mm-dd, included) the
// vendor publishes security fixes for everyone: not what is sold on top of
// that, such as Ubuntu's ESM, Red Hat's ELS, SUSE's LTSS or Debian's ELTS.
// Debian's LTS is published for everyone, so it counts.
//
// A month without a day is taken to its last day. A release that is missing
// has no date that its vendor has fixed, or rolls and never ends (Wolfi,
// Chainguard, Alpine edge, Tumbleweed, Debian testing).
//
// Sources, as of November 2026: for Debian and Ubuntu the package
// distro-info-data 0.58+deb12u7, which both distros maintain; for the others
// the vendors' life-cycle pages, as endoflife.date collects them:
//
//	alpinelinux.org/releases
//	access.redhat.com/support/policy/updates/errata
//	centos.org/centos-linux-eol, centos.org/cl-vs-cs
//	wiki.almalinux.org/release-notes, wiki.rockylinux.org/rocky/version
//	docs.fedoraproject.org/en-US/releases/eol
//	aws.amazon.com/amazon-linux-2/faqs, docs.aws.amazon.com/linux/al2023/ug/release-cadence.html
//	oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf
//	suse.com/lifecycle, en.opensuse.org/Lifetime
//	learn.microsoft.com/azure/azure-linux, vmware.github.io/photon
var lifecycles = map[string]lifecycle{
	"debian": {1, map[string]string{
		"7": "2018-05-31", "8": "2020-06-30", "9": "2022-06-30", "10": "2024-06-30",
		"11": "2026-08-31", "12": "2028-06-30", "13": "2030-06-30",
	}},
	"ubuntu": {2, map[string]string{
		"14.04": "2019-04-25", "14.10": "2015-07-23", "15.04": "2016-02-04", "15.10": "2016-07-28",
		"16.04": "2021-04-30", "16.10": "2017-07-20", "17.04": "2018-01-13", "17.10": "2018-07-19",
		"18.04": "2023-05-31", "18.10": "2019-07-18", "19.04": "2020-01-23", "19.10": "2020-07-17",
		"20.04": "2025-05-29", "20.10": "2021-07-22", "21.04": "2022-01-20", "21.10": "2022-07-14",
		"22.04": "2027-06-01", "22.10": "2023-07-20", "23.04": "2024-01-25", "23.10": "2024-07-11",
		"24.04": "2029-05-31", "24.10": "2025-07-10", "25.04": "2026-01-15", "25.10": "2026-07-09",
		"26.04": "2031-05-29", "26.10": "2027-07-15",
	}},
	"alpine": {2, map[string]string{
		"3.2": "2017-05-01", "3.3": "2017-11-01", "3.4": "2018-05-01", "3.5": "2018-11-01",
		"3.6": "2019-05-01", "3.7": "2019-11-01", "3.8": "2020-05-01", "3.9": "2020-11-01",
		"3.10": "2021-05-01", "3.11": "2021-11-01", "3.12": "2022-05-01", "3.13": "2022-11-01",
		"3.14": "2023-05-01", "3.15": "2023-11-01", "3.16": "2024-05-23", "3.17": "2024-11-22",
		"3.18": "2025-05-09", "3.19": "2025-11-01", "3.20": "2026-04-01", "3.21": "2026-11-01",
		"3.22": "2027-05-01", "3.23": "2027-11-01",
	}},
	"rhel": {1, map[string]string{
		"5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30",
		"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31",
	}},
	"centos": {1, map[string]string{
		"5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31",
	}},
	"centos stream": {1, map[string]string{
		"8": "2024-05-31", "9": "2027-05-31", "10": "2030-01-01",
	}},
	"almalinux": {1, map[string]string{
		"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31",
	}},
	"rocky": {1, map[string]string{
		"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31",
	}},
	"fedora": {1, map[string]string{
		"34": "2022-06-07", "35": "2022-12-13", "36": "2023-05-16", "37": "2023-12-05",
		"38": "2024-05-21", "39": "2024-11-26", "40": "2025-05-13", "41": "2025-12-15",
		"42": "2026-05-13", "43": "2026-12-09",
	}},
	"amzn": {1, map[string]string{
		"1": "2023-12-31", "2": "2026-06-30", "2023": "2029-06-30",
	}},
	"ol": {1, map[string]string{
		"5": "2017-06-30", "6": "2021-03-31", "7": "2024-12-31",
		"8": "2029-07-31", "9": "2032-06-30", "10": "2035-06-30",
	}},
	"sles": {2, map[string]string{
		"11.4": "2019-03-31",
		"12":   "2016-06-30", "12.1": "2017-05-31", "12.2": "2018-03-31", "12.3": "2019-06-30",
		"12.4": "2020-06-30", "12.5": "2024-10-31",
		"15": "2019-12-31", "15.1": "2021-01-31", "15.2": "2021-12-31", "15.3": "2022-12-31",
		"15.4": "2023-12-31", "15.5": "2024-12-31", "15.6": "2025-12-31", "15.7": "2031-07-31",
		"16.0": "2027-11-30",
	}},
	"opensuse-leap": {2, map[string]string{
		"42.1": "2017-05-17", "42.2": "2018-01-26", "42.3": "2019-07-01",
		"15.0": "2019-12-03", "15.1": "2021-02-02", "15.2": "2022-01-04", "15.3": "2022-12-31",
		"15.4": "2023-12-07", "15.5": "2024-12-31", "15.6": "2026-04-30", "16.0": "2027-10-31",
	}},
	"mariner": {1, map[string]string{"1": "2023-07-31", "2": "2025-07-31"}},
	"photon":  {1, map[string]string{"1": "2022-02-28", "2": "2022-12-31", "3": "2024-03-31", "4": "2026-03-31"}},
}

// endOfLife is the last day of a distro's release; "" if it is unknown.
func endOfLife(d *image.Distro) string {
	id, version := strings.ToLower(d.ID), d.Version
	switch {
	case id == "centos" && strings.HasPrefix(d.Name, "CentOS Stream"):
		id = "centos stream"
	case id == "amzn":
		version = strings.TrimPrefix(amazon(d), "Amazon Linux:")
	case strings.Contains(version, "_"): // Alpine edge
		return ""
	}
	l := lifecycles[id]
	numbers := strings.Split(version, ".")
	return l.ends[strings.Join(numbers[:min(l.parts, len(numbers))], ".")]
}
