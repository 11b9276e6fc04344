// Package guides follows the guides of docs in a copy of the repository, to the letter: what they say to write is written, and
// what they say to run is run.
package guides
