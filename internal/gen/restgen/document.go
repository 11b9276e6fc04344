package restgen

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v3"
)

// document is an OpenAPI document, 3.0 or 3.1. Only what is asked for is looked at: the rest may be faulty.
type document struct {
	api  string
	root map[string]any
}

// readDocument finds and reads an API's document.
func readDocument(dir, api string) (*document, error) {
	var names []string
	for _, ending := range []string{"yaml", "yml", "json"} {
		name := filepath.Join(dir, api, "openapi."+ending)
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			names = append(names, filepath.ToSlash(name))
			continue
		} else if err != nil {
			return nil, err
		}
		d, err := parseDocument(api, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.ToSlash(name), err)
		}
		return d, nil
	}
	return nil, fmt.Errorf("there is no %s", strings.Join(names, ", nor "))
}

func parseDocument(api string, text []byte) (*document, error) {
	var root any
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) { // JSON is YAML too, but its own parser is faster by far.
		if err := json.Unmarshal(text, &root); err != nil {
			return nil, err
		}
	} else if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	d := &document{api, object(plain(root))}
	if version := text1(d.root["openapi"]); !strings.HasPrefix(version, "3.0") && !strings.HasPrefix(version, "3.1") {
		return nil, fmt.Errorf("its openapi is %q, want 3.0 or 3.1", version)
	}
	for path := range object(d.root["paths"]) {
		if strings.ContainsFunc(path, unicode.IsControl) { // It would stand in comments of Go, and go on behind them.
			return nil, fmt.Errorf("its path %q has a control character in it", path)
		}
	}
	return d, nil
}

// plain gives a map's keys as text: YAML takes 200 for a number.
func plain(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[fmt.Sprint(key)] = plain(value)
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = plain(value)
		}
	case []any:
		for i, value := range v {
			v[i] = plain(value)
		}
	}
	return v
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text1(v any) string {
	s, _ := v.(string)
	return s
}

// at follows references within the document, 32 at most. It returns nil for a reference that leads nowhere.
func (d *document) at(v any) map[string]any {
	m := object(v)
	for range 32 { // References to references end soon, or never.
		ref, ok := m["$ref"].(string)
		if !ok {
			return m
		}
		m = object(d.pointer(ref))
	}
	return nil
}

func (d *document) pointer(ref string) any {
	rest, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var v any = d.root
	for token := range strings.SplitSeq(rest, "/") {
		if unescaped, err := url.PathUnescape(token); err == nil {
			token = unescaped
		}
		if elements, ok := v.([]any); ok {
			v = nil
			if i, err := strconv.Atoi(token); err == nil && 0 <= i && i < len(elements) {
				v = elements[i]
			}
			continue
		}
		v = object(v)[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return v
}

// operation is one of a document's operations.
type operation struct {
	doc        *document
	method     string
	path       string
	raw, item  map[string]any // its own, and its path's
	parameters []*parameter
}

type parameter struct {
	name, in string
	required bool
	exploded bool
	style    string
	media    bool // it is a document of a media type (content)
	schema   any
}

// find gives the path that the pieces are, as the document writes it, and the methods that it has.
func (d *document) find(pieces []piece) (path string, methods []string) {
	paths := object(d.root["paths"])
	for _, candidate := range slices.Sorted(maps.Keys(paths)) {
		if !samePath(pieces, candidate) {
			continue
		}
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if d.at(paths[candidate])[method] != nil {
				methods = append(methods, method)
			}
		}
		return candidate, methods
	}
	return "", nil
}

// paths are those that have a method.
func (d *document) paths(method string) []string {
	var names []string
	for path, item := range object(d.root["paths"]) {
		if d.at(item)[method] != nil {
			names = append(names, path)
		}
	}
	slices.Sort(names)
	return names
}

func (d *document) operation(path, method string) *operation {
	item := d.at(object(d.root["paths"])[path])
	op := &operation{doc: d, method: method, path: path, raw: object(item[method]), item: item}
	for _, from := range [][]any{list(op.raw["parameters"]), list(item["parameters"])} {
		for _, v := range from {
			p := d.parameter(d.at(v))
			if p.name != "" && op.parameter(p.in, p.name) == nil { // The operation's own come first.
				op.parameters = append(op.parameters, p)
			}
		}
	}
	return op
}

func (d *document) parameter(m map[string]any) *parameter {
	p := &parameter{name: text1(m["name"]), in: text1(m["in"]), style: text1(m["style"]), schema: m["schema"]}
	p.required, _ = m["required"].(bool)
	explode, said := m["explode"].(bool)
	p.media = m["content"] != nil
	p.exploded = explode || !said && (p.style == "" || p.style == "form")
	return p
}

func (o *operation) parameter(in, name string) *parameter {
	i := slices.IndexFunc(o.parameters, func(p *parameter) bool { return p.in == in && p.name == name })
	if i < 0 {
		return o.deep(in, name)
	}
	return o.parameters[i]
}

// deep is a property of a parameter that is an object, of the style deepObject: filter[state] of filter.
func (o *operation) deep(in, name string) *parameter {
	of, property, found := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	if in != "query" || !found || !strings.HasSuffix(name, "]") {
		return nil
	}
	p := o.parameter(in, of)
	if p == nil || p.style != "deepObject" {
		return nil
	}
	s := o.doc.shape(p.schema)
	schema, there := s.props[property]
	if !there {
		return nil
	}
	return &parameter{name: name, in: in, exploded: true, required: p.required && s.required[property], schema: schema}
}

// server is one that the operation, or its path, names for itself where the document names others; empty if there is none.
func (o *operation) server() string {
	own := list(o.raw["servers"])
	if own == nil {
		own = list(o.item["servers"])
	}
	all, other := list(o.doc.root["servers"]), ""
	if all == nil {
		all = []any{map[string]any{"url": "/"}}
	}
	for _, server := range own {
		address := strings.TrimRight(text1(object(server)["url"]), "/")
		if slices.ContainsFunc(all, func(v any) bool { return strings.TrimRight(text1(object(v)["url"]), "/") == address }) {
			return ""
		}
		other = cmp.Or(other, address, "/")
	}
	return other
}

func (o *operation) names(in string) []string {
	var names []string
	for _, p := range o.parameters {
		if p.in == in {
			names = append(names, p.name)
		}
	}
	return names
}

func (o *operation) deprecated() bool {
	b, _ := o.raw["deprecated"].(bool)
	return b
}

// answer is the schema of a successful JSON answer. The default is one only where no other is said: beside others it is what an error is.
func (o *operation) answer() (schema any, ok bool) {
	responses := object(o.raw["responses"])
	successes := slices.DeleteFunc(keys(responses), func(status string) bool { return !strings.HasPrefix(status, "2") })
	if len(successes) == 0 {
		successes = []string{"default"}
	}
	for _, status := range successes {
		response := o.doc.at(responses[status])
		if schema, ok := jsonContent(response["content"]); ok {
			return schema, true
		}
	}
	return nil, false
}

// jsonContent is the schema of the content that is JSON, or of any content, where that is all that is said.
func jsonContent(content any) (schema any, ok bool) {
	media, kinds := object(content), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(media)) {
		kind, _, _ := strings.Cut(name, ";")
		kind = strings.ToLower(strings.TrimSpace(kind))
		if kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json") && kind != "application/problem+json" {
			return object(media[name])["schema"], true
		}
		kinds[kind] = name
	}
	for _, kind := range []string{"application/*", "*/*"} {
		if name, there := kinds[kind]; there {
			return object(media[name])["schema"], true
		}
	}
	return nil, false
}
