// Command mutants asks of every guard: would a test notice if it were gone?
//
// A site is an `if` of a named package whose body refuses: it returns an error, or answers with a 4xx. The command
// compiles each package's tests once, with every site behind a switch (mutation by schemata, nothing on disk changes),
// learns which test sees which guard fire, and then runs those tests again with the guard switched off. A guard whose
// absence no test notices is a survivor. A survivor is a missing test, or it is listed with its reason in
// internal/mutants/excluded.txt.
//
//	go run ./internal/mutants ./auth ./auth/rp          all sites of two packages
//	go run ./internal/mutants -run 'callback\.go' ./auth    the sites of one file
//
// What it does not see: guards written without an `if` (switch cases, boolean results), and operands of a condition
// whose other operand fires as well.
package main
