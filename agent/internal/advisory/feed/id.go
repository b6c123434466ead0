package feed

import (
	"strconv"
	"strings"
)

// ParseCVE takes a CVE id apart: CVE-YYYY-NNNN with four or more digits in
// the second number and no needless leading zero, as the CVE programme writes
// them (https://www.cve.org/ResourcesSupport/FAQs, "CVE ID syntax").
func ParseCVE(id string) (year, number uint32, ok bool) {
	rest, found := strings.CutPrefix(id, "CVE-")
	if !found || len(rest) < len("1999-0001") || rest[4] != '-' {
		return 0, 0, false
	}
	y, err := digits(rest[:4])
	if err != nil {
		return 0, 0, false
	}
	if len(rest[5:]) > 4 && rest[5] == '0' {
		return 0, 0, false
	}
	n, err := digits(rest[5:])
	if err != nil {
		return 0, 0, false
	}
	return y, n, true
}

func digits(s string) (uint32, error) {
	if strings.TrimLeft(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err
}

// IsCVE says whether id is a well-formed CVE id.
func IsCVE(id string) bool {
	_, _, ok := ParseCVE(id)
	return ok
}

// appendNew appends the ids that are well formed, not in list yet and not own.
func appendNew(list []string, own string, ids []string) []string {
next:
	for _, id := range ids {
		if !fits(id) || id == own {
			continue
		}
		for _, have := range list {
			if have == id {
				continue next
			}
		}
		list = append(list, id)
	}
	return list
}
