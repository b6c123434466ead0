package match

// typeOrders are the orders by a purl's type; a distro's packages of one type
// are all ordered alike.
var typeOrders = map[string]order{
	"apk": alpineOrder, "deb": debianOrder, "rpm": rpmOrder,
	"bitnami": bitnamiOrder, "cargo": semverOrder, "composer": packagistOrder, "gem": gemOrder, "golang": goOrder,
	"hex": semverOrder, "maven": mavenOrder, "npm": semverOrder, "nuget": nugetOrder, "pypi": pypiOrder,
}

// Compare says which of two versions of one package is the newer: negative, if
// a is the older, zero, if they are the same. typ is the type in the package's
// purl. It is false when nobody can tell, and for a type that it does not know.
func Compare(typ, a, b string) (int, bool) {
	parse, ok := typeOrders[typ]
	if !ok {
		return 0, false
	}
	x, okX := parse(a)
	y, okY := parse(b)
	if !okX || !okY {
		return 0, false
	}
	return x.compare(y)
}
