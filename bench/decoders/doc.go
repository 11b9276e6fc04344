// Package decoders compares JSON decoders on answers that the gateway really gets:
//
//	go -C bench/decoders test -bench . -benchmem
//
// It is a module of its own, so that what was weighed and not taken is no dependency of the product. What came of it is in
// docs/decisions/2026-11-25-decoder.md.
package decoders
