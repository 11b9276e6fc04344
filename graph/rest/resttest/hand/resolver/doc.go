// Package resolver answers the schema by hand.
package resolver
