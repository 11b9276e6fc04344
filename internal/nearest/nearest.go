// Package nearest tells which of the names there are somebody meant by one that there is not.
package nearest

// To gives the candidate that takes the fewest edits to make of name (Levenshtein distance, in bytes): the first of several. It gives
// none if more than a third of name and one byte would have to change: that is another word.
func To(name string, candidates []string) string {
	best, most := "", 1+len(name)/3
	for _, candidate := range candidates {
		if d := distance(name, candidate); candidate != name && d <= most {
			best, most = candidate, d-1
		}
	}
	return best
}

// distance fills the usual table row by row; row[j] is the distance between the beginning of a and b[:j].
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
