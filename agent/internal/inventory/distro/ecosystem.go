package distro

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// family is what is known of a distro by its os-release ID.
type family struct {
	packages  string                       // the purl type of its packages
	namespace string                       // the purl namespace, its vendor's name
	ecosystem func(d *image.Distro) string // OSV's name with the release; nil if there is none
}

// families are the distros with advisories, by ID in lower case. One that is
// not here is unknown, even if its ID_LIKE names one that is: a derivative
// rebuilds and patches packages under the same names and versions of its own,
// so matching Kali, Devuan or Raspbian against Debian would be a guess.
//
// Names are those of the OSV schema
// (https://ossf.github.io/osv-schema/#defined-ecosystems), cut down where it
// says more than the data can tell apart:
//
//   - Ubuntu without ":LTS"; the store drops it from records.
//   - Red Hat with the major version in place of a CPE, for CentOS as well,
//     which is built from the same sources.
//   - Amazon Linux, Oracle Linux have no OSV name; ours follow the pattern.
//   - Photon OS, openEuler with the release as the schema spells it.
var families = map[string]family{
	"debian":     {"deb", "debian", debian},
	"ubuntu":     {"deb", "ubuntu", minor("Ubuntu:")},
	"alpine":     {"apk", "alpine", alpine},
	"wolfi":      {"apk", "wolfi", rolling("Wolfi")},
	"chainguard": {"apk", "chainguard", rolling("Chainguard")},

	"rhel":      {"rpm", "redhat", major("Red Hat:")},
	"centos":    {"rpm", "centos", major("Red Hat:")},
	"almalinux": {"rpm", "almalinux", major("AlmaLinux:")},
	"rocky":     {"rpm", "rocky", major("Rocky Linux:")},
	"ol":        {"rpm", "ol", major("Oracle Linux:")},
	"amzn":      {"rpm", "amzn", amazon},
	"fedora":    {"rpm", "fedora", nil},

	"azurelinux": {"rpm", "azurelinux", major("Azure Linux:")},
	"mariner":    {"rpm", "mariner", major("Azure Linux:")},
	"photon":     {"rpm", "photon", minor("Photon OS:")},
	"openeuler":  {"rpm", "openeuler", openEuler},

	"sles":                {"rpm", "suse", suse("SUSE ", "SUSE:")},
	"opensuse-leap":       {"rpm", "opensuse", suse("openSUSE ", "openSUSE:")},
	"opensuse-tumbleweed": {"rpm", "opensuse", rolling("openSUSE:Tumbleweed")},
}

// ecosystem is OSV's name for a distro, with its release; "" if there is none.
func ecosystem(d *image.Distro) string {
	f := families[strings.ToLower(d.ID)]
	if f.ecosystem == nil {
		return ""
	}
	return f.ecosystem(d)
}

// debianCodenames number the releases. Testing and unstable have no
// VERSION_ID, and both the codename of the release to come; advisories for
// that, if there are any, are the nearest to the truth.
var debianCodenames = map[string]string{
	"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11",
	"bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
}

func debian(d *image.Distro) string {
	version, _, _ := strings.Cut(d.Version, ".")
	if version == "" {
		version = debianCodenames[d.Codename]
	}
	if version == "" {
		return ""
	}
	return "Debian:" + version
}

// alpine has a branch for each two-part version. A version of edge is that of
// the branch to come, with a suffix: 3.21.0_alpha20240807.
func alpine(d *image.Distro) string {
	if strings.Contains(d.Version, "_") || strings.HasSuffix(d.Name, " edge") {
		return "Alpine:edge"
	}
	if v := parts(d.Version, 2); v != "" {
		return "Alpine:v" + v
	}
	return ""
}

// amazon names the first one by the month of its release: 2018.03.
func amazon(d *image.Distro) string {
	v := parts(d.Version, 1)
	if strings.HasPrefix(d.Version, v+".") && len(v) == 4 && v < "2020" {
		v = "1"
	}
	if v == "" {
		return ""
	}
	return "Amazon Linux:" + v
}

// openEuler has the kind of release in its pretty name only: "openEuler 22.03
// (LTS-SP3)".
func openEuler(d *image.Distro) string {
	_, kind, _ := strings.Cut(d.Name, "(")
	if kind = strings.TrimSuffix(kind, ")"); d.Version == "" || kind == "" {
		return ""
	}
	return "openEuler:" + d.Version + "-" + kind
}

// suse is named by the pretty name without its first word: "openSUSE Leap
// 15.6" is openSUSE:Leap 15.6.
func suse(cut, prefix string) func(*image.Distro) string {
	return func(d *image.Distro) string {
		if rest, ok := strings.CutPrefix(d.Name, cut); ok && rest != "" {
			return prefix + rest
		}
		return ""
	}
}

func rolling(name string) func(*image.Distro) string {
	return func(*image.Distro) string { return name }
}

// major and minor put the first one or two numbers of the version after a name.
func major(prefix string) func(*image.Distro) string { return prefixed(prefix, 1) }
func minor(prefix string) func(*image.Distro) string { return prefixed(prefix, 2) }

func prefixed(prefix string, n int) func(*image.Distro) string {
	return func(d *image.Distro) string {
		if v := parts(d.Version, n); v != "" {
			return prefix + v
		}
		return ""
	}
}

// parts is the first n numbers of a dotted version; "" if there are fewer.
func parts(version string, n int) string {
	numbers := strings.Split(version, ".")
	if len(numbers) < n || numbers[0] == "" {
		return ""
	}
	return strings.Join(numbers[:n], ".")
}
