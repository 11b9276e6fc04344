package graph

import (
	"maps"
	"slices"
)

// FieldsWithAPIs are the fields of fieldAPIs.
func FieldsWithAPIs() []string { return slices.Sorted(maps.Keys(fieldAPIs)) }
