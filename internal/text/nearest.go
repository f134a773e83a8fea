package text

import "strings"

// Nearest returns the known word that was probably meant by a misspelt one: the one
// with the fewest wrong letters, at most one and a third of the length. "" when there is
// none. Case and separators do not count.
func Nearest(word string, known []string) string {
	plain := Plain(word)
	for _, k := range known {
		if Plain(k) == plain {
			return k
		}
	}
	best, least := "", 1+len(plain)/3
	for _, k := range known {
		other := Plain(k)
		if max(len(plain)-len(other), len(other)-len(plain)) > least {
			continue
		}
		if d := distance(plain, other); d <= least && d < len(plain) {
			best, least = k, d-1
		}
	}
	return best
}

// Plain returns a word in lower case and without separators, of its first 64 bytes.
func Plain(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of changed, added, missing or swapped letters.
func distance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
