// Package guarded has guards of every kind for the mutants' own test.
package guarded

import "errors"

var errRefused = errors.New("refused")

// Check refuses: its first guard is tested, its second fires without anybody looking, its third never fires.
func Check(n int) error {
	if n < 0 {
		return errRefused
	}
	if n == 7 {
		return errRefused
	}
	if n > 1000 {
		return errRefused
	}
	return nil
}

// Small decides by a guard in a function that answers yes or no.
func Small(n int) bool {
	if n > 10 {
		return false
	}
	return true
}

// Kind refuses in a case.
func Kind(n int) error {
	switch {
	case n == 0:
		return errRefused
	default:
		return nil
	}
}

// Always refuses: its guard passes nothing in any test, so that nobody would notice if it refused the rest as well.
func Always(n int) error {
	if n != 0 {
		return errRefused
	}
	return nil
}

// Twice has one guard twice, of which only the first ever fires.
func Twice(n int) error {
	if n < 0 {
		return errRefused
	}
	n = -n
	if n < 0 {
		return errRefused
	}
	return nil
}
