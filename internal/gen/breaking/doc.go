// Package breaking tells what a change of a GraphQL schema breaks: the changes that some client could notice, and the operations in
// use that they break.
//
//	change.go     what has changed between two schemas
//	used.go       what of a schema an operation uses
//	report.go     which operations in use each change breaks
//	manifest.go   files of operations in use
//
// Additions are never breaking here, though a client may not expect a new value of an enum.
package breaking
