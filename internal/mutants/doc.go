// Command mutants asks of every guard: would a test notice if it were gone?
//
// A site is a guard of a named package: an `if`, or a case of a `switch` without a tag, whose body refuses, which is to
// return an error, to answer with a 4xx, to close a socket or to pass over one of several, or which decides a function that
// returns a bool or a reason; or it is a field of a cookie. The command compiles each
// package's tests once, with every site behind a switch (mutation by schemata, nothing on disk changes), and learns which
// test sees which guard fire and which sees it pass. Then it runs those tests again, with the guard switched off and with
// its condition inverted. A change that no test notices survives. A survivor is a missing test, or it is listed with its
// reason in internal/mutants/excluded.txt.
//
//	go run ./internal/mutants ./auth ./auth/rp                       all sites of two packages
//	go run ./internal/mutants -also . ./graph                        those that its own tests leave alive, by the tests of another too
//	go run ./internal/mutants -run 'callback\.go' ./auth             the sites of one file
//	go run ./internal/mutants -table docs/security.md ./auth ./auth/rp   whether the tests of each row kill a site of these
//	go test -json ./... | go run ./internal/mutants -ran docs/security.md   whether they ran and passed
//
// What it does not see: guards written without an `if` or `case` of their own (`return a && b`), cases of a switch with a
// tag, and an operand of a condition whose other operand fires as well.
package main
