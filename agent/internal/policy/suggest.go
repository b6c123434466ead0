package policy

import (
	"fmt"
	"strings"
)

// suggest says what to write instead of a word that is not among the known.
func suggest(word string, known []string) string {
	best, distance := "", 3 // three or more slips are another word
	for _, k := range known {
		if len(word) > 2*len(k) { // hopeless, and perhaps long
			continue
		}
		if d := editDistance(strings.ToLower(word), k); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "use one of " + strings.Join(known, ", ")
}

// editDistance is Levenshtein's: the characters to insert, remove or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
