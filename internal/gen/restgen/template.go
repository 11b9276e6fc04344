package restgen

import (
	"fmt"
	"strings"
)

// piece is a part of a template: literal text, or a reference to a value.
type piece struct {
	text   string // literal, if ref is nil
	ref    *reference
	column int // where it begins in the template, in bytes
}

// reference is {args.a.b}, {parent.a.b}, {parents.a.b}, {key} or {keys}.
type reference struct {
	root string
	path []string
}

func (r *reference) String() string {
	return "{" + strings.Join(append([]string{r.root}, r.path...), ".") + "}"
}

// many tells what stands for many keys at once.
func (r *reference) many() bool { return r.root == "keys" || r.root == "parents" }

// parseTemplate cuts a text at its references.
func parseTemplate(text string) ([]piece, error) {
	var pieces []piece
	for rest, column := text, 0; rest != ""; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			return append(pieces, piece{text: rest, column: column}), nil
		}
		end := strings.IndexByte(rest[open:], '}')
		if end < 0 {
			return nil, fmt.Errorf("the brace in %q is not closed", text)
		}
		if open > 0 {
			pieces = append(pieces, piece{text: rest[:open], column: column})
		}
		ref, err := parseReference(rest[open+1 : open+end])
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece{ref: ref, column: column + open})
		rest, column = rest[open+end+1:], column+open+end+1
	}
	return pieces, nil
}

func parseReference(text string) (*reference, error) {
	path := strings.Split(text, ".")
	switch path[0] {
	case "key", "keys":
		if len(path) == 1 {
			return &reference{root: path[0]}, nil
		}
	}
	if len(path) < 2 || path[0] != "args" && path[0] != "parent" && path[0] != "parents" {
		return nil, fmt.Errorf("{%s} is neither an argument nor a value of the parent: want {args.NAME} or {parent.NAME}", text)
	}
	for _, name := range path {
		if name == "" {
			return nil, fmt.Errorf("{%s} has an empty name", text)
		}
	}
	return &reference{path[0], path[1:]}, nil
}

// queryParameter is a name of a query with its value: literal, or one reference.
type queryParameter struct {
	name  string
	value piece
}

// splitQuery cuts a template into its path and its query.
func splitQuery(pieces []piece) (path []piece, query []queryParameter, err error) {
	for i, p := range pieces {
		before, after, found := strings.Cut(p.text, "?")
		if p.ref != nil || !found {
			path = append(path, p)
			continue
		}
		if before != "" {
			path = append(path, piece{text: before, column: p.column})
		}
		query, err = parseQuery(append([]piece{{text: after}}, pieces[i+1:]...))
		return path, query, err
	}
	return path, nil, nil
}

func parseQuery(pieces []piece) ([]queryParameter, error) {
	var query []queryParameter
	name, open := "", false // whether name waits for its value
	for _, p := range pieces {
		if p.ref != nil {
			if !open {
				return nil, fmt.Errorf("%s stands alone in the query: want NAME=%s", p.ref, p.ref)
			}
			query, open = append(query, queryParameter{name, p}), false
			continue
		}
		for i, pair := range strings.Split(p.text, "&") {
			if i == 0 && !open && pair == "" {
				continue // what ends the parameter before
			}
			if i == 0 && len(query) > 0 && !open {
				return nil, fmt.Errorf("%q follows a value in the query: a value is one reference or one constant", pair)
			}
			if open {
				query, open = append(query, queryParameter{name, piece{}}), false
			}
			if pair == "" {
				continue
			}
			var value string
			var found bool
			name, value, found = strings.Cut(pair, "=")
			if !found || name == "" {
				return nil, fmt.Errorf("%q in the query is not NAME=VALUE", pair)
			}
			if value == "" {
				open = true
				continue
			}
			query = append(query, queryParameter{name, piece{text: value}})
		}
	}
	if open {
		query = append(query, queryParameter{name, piece{}})
	}
	return query, nil
}

// samePath tells whether a path of a document has its parameters where the pieces have their references.
func samePath(pieces []piece, path string) bool {
	for _, p := range pieces {
		if p.ref == nil {
			rest, ok := strings.CutPrefix(path, p.text)
			if !ok {
				return false
			}
			path = rest
			continue
		}
		end := strings.IndexByte(path, '}')
		if !strings.HasPrefix(path, "{") || end < 0 {
			return false
		}
		path = path[end+1:]
	}
	return path == ""
}

// written is a path as a document would write it, for a message.
func written(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.ref != nil {
			names := append([]string{p.ref.root}, p.ref.path...)
			b.WriteString("{" + names[len(names)-1] + "}")
			continue
		}
		b.WriteString(p.text)
	}
	return b.String()
}
