package store

import (
	"bytes"
	"cmp"
	"testing"
)

// TestNatural checks the order by hand-picked ids, in both of its forms.
func TestNatural(t *testing.T) {
	ascending := []string{
		"", "-", "0", "00", "01", "1", "1a", "9", "10", "10-1", "10-2", "10-10", "A-1", "ALSA-2022:99", "ALSA-2022:1000",
		"CVE-1999-0009", "CVE-1999-10", "CVE-2021-9", "CVE-2021-99999", "CVE-2021-99999-r1", "CVE-2021-100000", "a1b", "a1c", "a02b",
	}
	key := func(s string) []byte { return append(append(appendNatural(nil, s), 0), s...) }
	for i, a := range ascending {
		for j, b := range ascending {
			want := cmp.Compare(i, j)
			if got := cmp.Compare(natural(a, b), 0); got != want {
				t.Errorf("natural(%q, %q) = %d, want %d", a, b, got, want)
			}
			if got := bytes.Compare(key(a), key(b)); got != want {
				t.Errorf("keys of %q and %q compare as %d, want %d", a, b, got, want)
			}
		}
	}
}
