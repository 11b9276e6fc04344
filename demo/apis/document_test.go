package apis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"vestibule.example/demo/apis"
)

func TestDocumentsAreThoseTheClientsAreMadeFrom(t *testing.T) {
	f := start(t, nil)
	for _, name := range apis.Names() {
		ours, err := os.ReadFile(name + "/openapi.yaml")
		if err != nil {
			t.Fatal(err)
		}
		clients, err := os.ReadFile("../../clients/" + name + "/openapi.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, clients) {
			t.Errorf("demo/apis/%s/openapi.yaml is not clients/%s/openapi.yaml: copy it", name, name)
		}
		if served := f.send(name, "GET /openapi.yaml", ""); served.status != 200 || !bytes.Equal(served.body, ours) {
			t.Errorf("%s serves another document, status %d", name, served.status)
		}
	}
}

func TestEachOperationAsksForItsScope(t *testing.T) {
	f := start(t, nil)
	operations := 0
	for _, name := range apis.Names() {
		document := readDocument(t, name)
		for path, item := range document["paths"].(map[string]any) {
			for method, operation := range item.(map[string]any) {
				operations++
				security, own := operation.(map[string]any)["security"]
				if !own {
					security = document["security"]
				}
				place := strings.ToUpper(method) + " " + strings.NewReplacer("{customerId}", "c-alice", "{orderId}", "o-1001", "{shipmentId}", "s-1001", "{productId}", "p-100").Replace(path)
				if security == nil {
					if got := f.send(name, place, ""); got.status != 200 {
						t.Errorf("%s %s without a token: %d, want 200", name, place, got.status)
					}
					continue
				}
				scope := security.([]any)[0].(map[string]any)["bearer"].([]any)[0].(string)
				if got := f.send(name, place, ""); got.status != 401 || strings.Contains(got.header.Get("WWW-Authenticate"), "error") {
					t.Errorf("%s %s without a token: %d %v, want a plain 401", name, place, got.status, got.header)
				}
				lacking := strings.ReplaceAll(everyScope, scope, "")
				got := f.send(name, place, "", "Authorization: Bearer "+f.token(name, "c-alice", "scope", lacking))
				challenge := fmt.Sprintf(`Bearer realm="%s", error="insufficient_scope", scope="%s"`, apis.Audience(name), scope)
				if got.status != 403 || got.header.Get("WWW-Authenticate") != challenge {
					t.Errorf("%s %s without %s: %d %q, want 403 %q", name, place, scope, got.status, got.header.Get("WWW-Authenticate"), challenge)
				}
			}
		}
	}
	if operations != 16 {
		t.Errorf("%d operations were looked at, want 16", operations)
	}
}

// readDocument reads an API's document.
func readDocument(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(name + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// checkAnswer checks a JSON answer against the schema that the document gives for it.
func checkAnswer(t *testing.T, api, method, path string, got answer) {
	t.Helper()
	contentType := got.header.Get("Content-Type")
	if contentType != "application/json" && contentType != "application/problem+json" {
		return
	}
	document := readDocument(t, api)
	operation := findOperation(document, method, path)
	if operation == nil {
		if got.status != 404 && got.status != 405 {
			t.Errorf("%s %s is not in the document, but answers %d", method, path, got.status)
		}
		return
	}
	responses := operation["responses"].(map[string]any)
	response, found := responses[strconv.Itoa(got.status)]
	if !found {
		response = responses["default"]
	}
	content, found := resolve(document, response)["content"].(map[string]any)[contentType]
	if !found {
		t.Errorf("%s %s: %d as %s is not in the document", method, path, got.status, contentType)
		return
	}
	var value any
	if err := json.Unmarshal(got.body, &value); err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return
	}
	// Problem documents may have members beyond the schema's; ours have none.
	for _, fault := range checkSchema(document, content.(map[string]any)["schema"], value, "") {
		t.Errorf("%s %s: %d: %s", method, path, got.status, fault)
	}
}

func findOperation(document map[string]any, method, path string) map[string]any {
	location, err := url.Parse(path)
	if err != nil {
		return nil
	}
	parts := strings.Split(location.Path, "/")
	for template, item := range document["paths"].(map[string]any) {
		wanted := strings.Split(template, "/")
		if slices.EqualFunc(wanted, parts, func(want, got string) bool { return want == got || strings.HasPrefix(want, "{") }) {
			operation, _ := item.(map[string]any)[strings.ToLower(method)].(map[string]any)
			return operation
		}
	}
	return nil
}

// resolve follows a reference within the document.
func resolve(document map[string]any, node any) map[string]any {
	object := node.(map[string]any)
	reference, isReference := object["$ref"].(string)
	if !isReference {
		return object
	}
	var target any = document
	for part := range strings.SplitSeq(strings.TrimPrefix(reference, "#/"), "/") {
		target = target.(map[string]any)[part]
	}
	return resolve(document, target)
}

// checkSchema says what is wrong with a value: the part of JSON Schema that our documents use, and more
// strictly, that there are no properties which the schema does not know.
func checkSchema(document map[string]any, node, value any, at string) (faults []string) {
	schema := resolve(document, node)
	fail := func(format string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(format, args...)) }
	switch schema["type"] {
	case "object":
		object, ok := value.(map[string]any)
		if !ok {
			fail("is no object")
			return faults
		}
		properties := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, found := object[name.(string)]; !found {
				fail("lacks %v", name)
			}
		}
		for name, member := range object {
			if properties[name] == nil {
				fail("has %s, which the document does not know", name)
				continue
			}
			faults = append(faults, checkSchema(document, properties[name], member, at+"/"+name)...)
		}
	case "array":
		items, ok := value.([]any)
		if !ok {
			fail("is no array")
		}
		for i, item := range items {
			faults = append(faults, checkSchema(document, schema["items"], item, fmt.Sprintf("%s/%d", at, i))...)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			fail("is no string")
		}
		if allowed, found := schema["enum"].([]any); found && !slices.Contains(allowed, any(text)) {
			fail("%q is not one of %v", text, allowed)
		}
		if schema["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				fail("%q is no date-time", text)
			}
		}
	case "integer", "number":
		number, ok := value.(float64)
		if !ok || schema["type"] == "integer" && number != float64(int64(number)) {
			fail("is no %v", schema["type"])
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			fail("is no boolean")
		}
	default:
		fail("the schema has a type this test does not know: %v", schema["type"])
	}
	return faults
}
