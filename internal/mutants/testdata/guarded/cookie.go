package guarded

import "net/http"

// Cookie has a field that is tested and one that nobody looks at.
func Cookie() *http.Cookie { return &http.Cookie{Name: "session", HttpOnly: true} }

// Even passes over what is odd.
func Even(numbers []int) (even []int) {
	for _, n := range numbers {
		if n%2 != 0 {
			continue
		}
		even = append(even, n)
	}
	return even
}
