package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestSorter compares the sorter with a stable sort in memory, with so little
// memory that runs are spilled, and merged before the end.
func TestSorter(t *testing.T) {
	for _, limit := range []int{1 << 30, 100_000, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			s := sorter{dir: t.TempDir(), limit: limit}
			var want []string
			for i := range 5000 {
				key := fmt.Sprintf("key %d%s", random.IntN(500), strings.Repeat("x", random.IntN(3)))
				value := strings.Repeat("v", random.IntN(20)) + fmt.Sprint(i)
				if err := s.add([]byte(key), []byte(value)); err != nil {
					t.Fatal(err)
				}
				want = append(want, key+"="+value)
			}
			slices.SortStableFunc(want, func(a, b string) int {
				x, _, _ := strings.Cut(a, "=")
				y, _, _ := strings.Cut(b, "=")
				return strings.Compare(x, y)
			})
			var got []string
			err := s.each(context.Background(), func(key, value []byte) error {
				got = append(got, string(key)+"="+string(value))
				return nil
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d pairs, %v; not the %d in order", len(got), err, len(want))
			}
		})
	}
}

func TestSorterWithoutFolder(t *testing.T) {
	s := sorter{dir: "/no/such/folder", limit: 10}
	var err error
	for i := 0; i < 3 && err == nil; i++ {
		err = s.add([]byte("0123456789"), nil)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "sorting advisories in a temporary file: open /no/such/folder/") {
		t.Errorf("got %v", err)
	}
}
