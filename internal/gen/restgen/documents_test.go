package restgen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

// planFor reads a schema against one document of an API called odd.
func planFor(t *testing.T, schema, document string) (*Plan, error) {
	t.Helper()
	p, err := newPlan([]*ast.Source{{Name: "schema.graphqls", Input: schema}}, "testdata/clients")
	if err != nil {
		t.Fatalf("%v\n%s", err, schema)
	}
	doc, err := parseDocument("odd", []byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	p.documents["odd"] = doc
	p.read()
	return p, p.faults.err()
}

// with is a document with one path, and components beside it.
func with(path, components string) string {
	return `{"openapi": "3.1.0", "paths": {"/things/{id}": {` + path + `}}, "components": {"schemas": {` + components + `}}}`
}

func answering(content, components string) string {
	return with(`"get": {"responses": {"200": {"content": {`+content+`}}}}`, components)
}

// Documents are as those who wrote them had learned it: what is usual is understood, be it odd.
func TestOddDocuments(t *testing.T) {
	const (
		one     = "type Query {\n  thing(id: ID!): Thing @rest(api: \"odd\", get: \"/things/{args.id}\")\n}\ntype Thing {\n  name: String!\n}"
		gone    = "type Query {\n  x: Int\n}\ntype Mutation {\n  gone(id: ID!): Boolean @rest(api: \"odd\", delete: \"/things/{args.id}\")\n}"
		thing   = `{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}`
		problem = `{"content": {"application/json": {"schema": {"type": "object", "properties": {"code": {"type": "integer"}}}}}}`
		send    = "type Query {\n  x: Int\n}\ntype Mutation {\n  send(id: ID!, input: In!): Boolean @rest(api: \"odd\", put: \"/things/{args.id}\", body: \"{args.input}\")\n}\ninput In {\n  name: String!\n}"
	)
	for _, c := range []struct{ name, schema, document, fault string }{
		{"any content", one, answering(`"*/*": {"schema": `+thing+`}`, ""), ""},
		{"any content beside JSON", one, answering(`"*/*": {"schema": {"type": "string"}}, "application/json": {"schema": `+thing+`}`, ""), ""},
		{"a type in other letters", one, answering(`"Application/JSON ; charset=UTF-8": {"schema": `+thing+`}`, ""), ""},
		{"a picture is no JSON", one, answering(`"image/*": {"schema": `+thing+`}`, ""), "answer"},
		{"no other answer than the default", one, with(`"get": {"responses": {"default": {"content": {"application/json": {"schema": `+thing+`}}}}}`, ""), ""},
		{"a default that tells of errors", gone, with(`"delete": {"responses": {"204": {}, "default": `+problem+`}}`, ""), ""},
		{"an answer of another success", one, with(`"get": {"responses": {"206": {"content": {"application/json": {"schema": `+thing+`}}}, "default": `+problem+`}}`, ""), ""},
		{"a reference into a list", one, answering(`"application/json": {"schema": {"$ref": "#/components/schemas/All/allOf/1"}}`, `"All": {"allOf": [{"type": "string"}, `+thing+`]}`), ""},
		{"and one beyond its end", one, answering(`"application/json": {"schema": {"$ref": "#/components/schemas/All/allOf/2"}}`, `"All": {"allOf": [{"type": "string"}, `+thing+`]}`), "type"},
		{"nullable beside a reference", one, answering(`"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/components/schemas/Name", "nullable": true}}}}`, `"Name": {"type": "string"}`), "non-null"},
		{"what is never given", one, answering(`"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "writeOnly": true}}}}`, ""), "non-null"},
		{"what is never sent", send, with(`"put": {"responses": {"204": {}}, "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "string", "readOnly": true}, "name": {"type": "string"}}}}}}}`, ""), ""},
		{"what must be sent", send, with(`"put": {"responses": {"204": {}}, "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}}}}}`, ""), "body-required"},
		{"kinds that are composed of what they are kinds of", one, answering(`"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}`, kinds(12)), ""},
		{"one of them", one, answering(`"application/json": {"schema": {"$ref": "#/components/schemas/Kind7"}}`, kinds(12)), ""},
		{"what is composed of itself", one, answering(`"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}`, `"Thing": {"allOf": [{"$ref": "#/components/schemas/Thing"}, `+thing+`]}`), ""},
	} {
		_, err := planFor(t, c.schema, c.document)
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), ": "+c.fault+": ")) {
			t.Errorf("%s: faults are %v, want %q", c.name, err, c.fault)
		}
	}
}

// kinds are so many kinds of a thing, each composed of it and named by it.
func kinds(n int) string {
	var names, types strings.Builder
	for i := range n {
		if i > 0 {
			names.WriteString(", ")
		}
		fmt.Fprintf(&names, `{"$ref": "#/components/schemas/Kind%d"}`, i)
		fmt.Fprintf(&types, `, "Kind%d": {"allOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "object", "properties": {"own%d": {"type": "string"}}}]}`, i, i)
	}
	return `"Thing": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "oneOf": [` + names.String() + `]}` + types.String()
}

// A document that requires what would never end, and a schema that shows one property twice, are Go all the same.
func TestOddTypes(t *testing.T) {
	p, err := planFor(t, "type Query {\n  thing(id: ID!): Thing @rest(api: \"odd\", get: \"/things/{args.id}\")\n}\ntype Thing {\n  name: String!\n  title: String @json(at: \"name\")\n  part: Part!\n  likes: [Thing!]!\n}\ntype Part {\n  of: Thing!\n}",
		answering(`"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}`, `"Thing": {"type": "object", "required": ["name", "part", "likes"], "properties": {"name": {"type": "string"}, "part": {"$ref": "#/components/schemas/Part"}, "likes": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}, "Part": {"type": "object", "required": ["of"], "properties": {"of": {"$ref": "#/components/schemas/Thing"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.types("odd")
	for _, want := range []string{"Of *Thing ", "Part  Part ", "Likes []Thing ", "Name  string "} {
		if want = strings.Join(strings.Fields(want), " ") + " `json"; err != nil || !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("types, %v, without %s:\n%s", err, want, text)
		}
	}
	cfg := &config.Config{Models: config.TypeMap{}, Directives: map[string]config.DirectiveConfig{}}
	if err := p.Plugin().MutateConfig(cfg); err != nil || cfg.Models["Thing"].Fields["title"].FieldName != "Name" {
		t.Errorf("Thing.title is %+v, %v, want Name", cfg.Models["Thing"].Fields["title"], err)
	}
}

// What is proposed for a component by the name of a root type has another one: it would be the root.
func TestProposedTypesAreNoRoots(t *testing.T) {
	document := answering(`"application/json": {"schema": {"$ref": "#/components/schemas/Subscription"}}`, `"Subscription": {"type": "object", "properties": {"plan": {"type": "string"}, "secret": {"type": "string", "writeOnly": true}}}`)
	text, err := Propose([]*ast.Source{{Name: "schema.graphqls", Input: "type Query {\n  x: Int\n}"}}, Wish{API: "odd", Document: []byte(document), Operations: []string{"GET /things/{id}"}, Depth: 2})
	if err != nil || !strings.Contains(text, "type OddSubscription {") || strings.Contains(text, "type Subscription") || strings.Contains(text, "secret") {
		t.Errorf("proposed, %v:\n%s", err, text)
	}
}
