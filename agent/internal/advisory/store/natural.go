package store

import (
	"encoding/binary"
	"strings"
)

// natural orders strings so that numbers in them ascend: 1.9 before 1.10. It
// is no version order; it only brings like strings together, which makes them
// small.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		nx, ny := leadingDigits(x), leadingDigits(y)
		if nx > 0 && ny > 0 {
			dx, dy := strings.TrimLeft(x[:nx], "0"), strings.TrimLeft(y[:ny], "0")
			if len(dx) != len(dy) {
				return len(dx) - len(dy)
			}
			if c := strings.Compare(dx, dy); c != 0 {
				return c
			}
			x, y = x[nx:], y[ny:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b) // equal but for zeros
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// appendNatural appends a text so that bytes.Compare puts what is made of
// several texts in the natural order: a run of digits becomes a zero, its
// length and the digits that count.
func appendNatural(b []byte, s string) []byte {
	for s != "" {
		n := leadingDigits(s)
		if n == 0 {
			b = append(b, s[0])
			s = s[1:]
			continue
		}
		digits := strings.TrimLeft(s[:n], "0")
		b = append(b, '0')
		b = binary.BigEndian.AppendUint32(b, uint32(len(digits)))
		b = append(b, digits...)
		s = s[n:]
	}
	return b
}
