package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// fault is one thing wrong with the configuration: where, what the rule is, and how it could look. It never holds a value
// of a secret.
type fault struct{ key, source, rule, example string }

// configError is all faults of a configuration.
type configError struct{ faults []fault }

func (e *configError) Error() string {
	var b strings.Builder
	noun := "faults"
	if len(e.faults) == 1 {
		noun = "fault"
	}
	fmt.Fprintf(&b, "the configuration has %d %s:\n", len(e.faults), noun)
	for _, f := range e.faults {
		fmt.Fprintf(&b, "  %s", f.key)
		if f.source != "" {
			fmt.Fprintf(&b, " (%s)", f.source)
		}
		rule := strings.TrimSuffix(f.rule, ".")
		if !strings.HasSuffix(rule, "?") {
			rule += "."
		}
		fmt.Fprintf(&b, ": %s", rule)
		if f.example != "" {
			fmt.Fprintf(&b, " Example: %s", f.example)
		}
		b.WriteByte('\n')
	}
	b.WriteString("Every key is described in docs/configuration.md.")
	return b.String()
}

// fault notes a fault of a key. value is shown unless it is empty; never pass a secret's. Without an example the key's own is shown.
func (l *loader) fault(key, value, rule, example string) {
	if value != "" {
		rule = fmt.Sprintf("%q: %s", value, rule)
	}
	l.faults = append(l.faults, fault{key: key, source: cmp.Or(l.seen[key], l.seen[key+"_file"]), rule: rule, example: cmp.Or(example, exampleOf(key))})
}

// exampleOf is how the value of a key could look: its documentation's example, else its default. Nothing for a group, a secret, and
// a key that is not there.
func exampleOf(key string) string {
	at, tag := reflect.TypeFor[Config](), reflect.StructTag("")
	for part := range strings.SplitSeq(key, ".") {
		name, _, _ := strings.Cut(part, "[")
		if at.Kind() == reflect.Slice {
			at = at.Elem()
		}
		if at.Kind() == reflect.Map { // Of groups, whose names are the operator's.
			at, tag = at.Elem(), ""
			continue
		}
		if !isGroup(at) {
			return ""
		}
		i := slices.IndexFunc(reflect.VisibleFields(at), func(f reflect.StructField) bool { return f.Tag.Get("key") == name })
		if i < 0 {
			return ""
		}
		at, tag = at.Field(i).Type, at.Field(i).Tag
	}
	if at == secretType {
		return ""
	}
	return cmp.Or(tag.Get("example"), tag.Get("default"))
}

// faulted tells that a key, or what is below or behind it, has a fault already.
func (l *loader) faulted(key string) bool {
	return slices.ContainsFunc(l.faults, func(f fault) bool { return strings.HasPrefix(f.key, key) })
}
