package graphtest

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxExampleDepth ends the examples of schemas that contain themselves; others are not so deep.
const maxExampleDepth = 12

// exampleOf is the document's own example, or one made from the schema.
func exampleOf(media *openapi3.MediaType) any {
	if media.Example != nil {
		return media.Example
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if e := media.Examples[name].Value; e != nil && e.Value != nil {
			return e.Value
		}
	}
	return made(media.Schema, maxExampleDepth)
}

// made gives a value that the schema allows: its example, default or first choice where it has one, every property of an
// object, one element of a list. The same schema gives the same value.
func made(ref *openapi3.SchemaRef, depth int) any {
	if ref == nil || ref.Value == nil || depth == 0 {
		return nil
	}
	s := ref.Value
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.AllOf) > 0:
		return merged(s, depth)
	case len(s.OneOf) > 0:
		return made(s.OneOf[0], depth-1)
	case len(s.AnyOf) > 0:
		return made(s.AnyOf[0], depth-1)
	case s.Type.Is("array"):
		return []any{made(s.Items, depth-1)}
	case s.Type.Is("object"), len(s.Properties) > 0:
		return object(s, depth)
	}
	return scalar(s)
}

// merged is an object with the properties of all parts.
func merged(s *openapi3.Schema, depth int) any {
	out := object(s, depth)
	for _, part := range s.AllOf {
		value := made(part, depth-1)
		properties, ok := value.(map[string]any)
		if !ok {
			return value // A part that is no object says it all, such as a reference with a description beside it.
		}
		maps.Copy(out, properties)
	}
	return out
}

func object(s *openapi3.Schema, depth int) map[string]any {
	out := map[string]any{}
	for name, property := range s.Properties {
		if depth == 1 && !slices.Contains(s.Required, name) {
			continue
		}
		if value := made(property, depth-1); value != nil || slices.Contains(s.Required, name) {
			out[name] = value
		}
	}
	return out
}

func scalar(s *openapi3.Schema) any {
	switch {
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("string"):
		switch s.Format {
		case "date-time":
			return "2026-01-02T15:04:05Z"
		case "date":
			return "2026-01-02"
		case "uuid":
			return "6f2c1c5e-8f3b-4a53-9d2e-0b8a6f1d7c11"
		case "uri", "url":
			return "https://example.com/"
		case "email":
			return "someone@example.com"
		}
		return "text"
	}
	return nil
}
