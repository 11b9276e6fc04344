package guarded

import "strconv"

type closing struct{ code int }

func (c *closing) Error() string { return strconv.Itoa(c.code) }

const closeInvalid = 4400

// Close refuses with an error whose name does not say that it is one.
func Close(n int) error {
	if n == 1 {
		return &closing{closeInvalid}
	}
	return nil
}

// Halve refuses beside a value, with an error that a function makes.
func Halve(n int) (int, error) {
	if n%2 != 0 {
		return 0, odd(n)
	}
	return n / 2, nil
}

func odd(n int) error { return &closing{n} }

// Why gives the reason to refuse, or nothing.
func Why(n int) string {
	if n == 3 {
		return "three"
	}
	return ""
}

// Leave ends with an error.
func Leave(n int, end func(error)) {
	if n == 4 {
		end(errRefused)
	}
}

// Elsewhere is tested by another package.
func Elsewhere(n int) bool {
	if n == 5 {
		return true
	}
	return false
}
