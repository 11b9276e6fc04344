package clients

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type decoded struct {
	ID    string                `json:"id"`
	Items []struct{ Count int } `json:"items"`
	Notes map[string]int        `json:"notes"`
}

// What readers disagree on is not guessed at: an answer like that is invalid (GQL-5).
func TestDecodeIsStrict(t *testing.T) {
	for _, c := range []struct{ what, body, want string }{
		{"plain", `{"id":"a","items":[{"Count":1}]}`, ""},
		{"a member that the type does not have", `{"id":"a","other":[1,{"x":null}]}`, ""},
		{"white space around it", " \n{\"id\":\"a\"}\t", ""},
		{"one name twice", `{"id":"a","id":"secret"}`, "not JSON at byte 10"},
		{"one name twice in a member not asked for", `{"id":"a","other":{"x":1,"x":2}}`, "not JSON at byte 25"},
		{"bytes that are not UTF-8", "{\"id\":\"\xff\"}", "not JSON at byte 7"},
		{"half a surrogate pair", `{"id":"\ud800"}`, "not JSON at byte 7"},
		{"more behind it", `{"id":"a"} secret`, "not JSON at byte 11"},
		{"another value behind it", `{"id":"a"}{}`, "not JSON at byte 10"},
		{"half of it", `{"id":"secret`, "not JSON at byte 13"},
		{"a wrong type", `{"id":{"secret":1}}`, `member "id" of type string has the wrong JSON type at byte 6`},
		{"a wrong type in a list", `{"items":[{"Count":"secret"}]}`, `member "items.Count" of type int has the wrong JSON type at byte 19`},
		{"a wrong type under a name of the API's", `{"notes":{"secret":"x"}}`, `member "notes" of type int has the wrong JSON type at byte 19`},
		{"a list for an object", `[]`, `member "" of type clients.decoded has the wrong JSON type at byte 0`},
		{"a number beyond its type", `{"items":[{"Count":1e99}]}`, "a value cannot be read as its type"},
	} {
		var into decoded
		err := decode(&answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(c.body)}, &into, nil)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("decode(%s) = %q, want %q", c.what, got, c.want)
		}
		if err == nil && into.ID != "a" {
			t.Errorf("decode(%s) read the id %q, want a", c.what, into.ID)
		}
	}
}

// inItsOwnWay is a type that reads an object as something else than its fields.
type inItsOwnWay struct{ Sum int }

func (w *inItsOwnWay) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	var parts map[string]int
	if err := json.UnmarshalDecode(from, &parts); err != nil {
		return err
	}
	for _, part := range parts {
		w.Sum += part
	}
	return nil
}

// Names that a type does not have are the API's own words, also where the type reads them in its own way.
func TestTheAPIsWordsAreNotRepeated(t *testing.T) {
	for body, want := range map[string]string{
		`{"parts":{"a":1,"b":2}}`:        "",
		`{"parts":{"a":1,"secret":"x"}}`: `member "parts" of type int has the wrong JSON type at byte 25`,
	} {
		var into struct {
			Parts inItsOwnWay `json:"parts"`
		}
		got := ""
		if err := decode(&answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(body)}, &into, nil); err != nil {
			got = err.Error()
		}
		if got != want || want == "" && into.Parts.Sum != 3 {
			t.Errorf("decode(%s) = %q, want %q", body, got, want)
		}
	}
}

// Names in other letters than the type's are other names (RFC 8259 §8.3).
func TestDecodeTellsLettersApart(t *testing.T) {
	var into decoded
	err := decode(&answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(`{"ID":"b"}`)}, &into, nil)
	if err != nil || into.ID != "" {
		t.Errorf("decode = %q, %v, want nothing read", into.ID, err)
	}
}

// Texts are leapt over, whatever quotes and brackets they hold.
func TestTooDeep(t *testing.T) {
	for _, c := range []struct {
		doc  string
		deep bool
	}{
		{`[[1]]`, false},
		{`[[[1]]]`, true},
		{`[{"a":1},{"a":{}}]`, true},
		{`["[[[[",{"{{{{":1}]`, false},
		{`["\"[[[["]`, false},
		{`["\\",[[]]]`, true},
		{`["\\\"[[[["]`, false},
		{`["\\\\",[[]]]`, true},
		{`["open [[[[`, false},
		{`["\`, false},
		{``, false},
	} {
		if got := tooDeep([]byte(c.doc), 2); got != c.deep {
			t.Errorf("tooDeep(%s, 2) = %v, want %v", c.doc, got, c.deep)
		}
	}
}

// The leaping search finds what a reading of byte after byte finds.
func FuzzTooDeep(f *testing.F) {
	f.Add([]byte(`{"a":["\\\"",{}],"b":"\\"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		deepest, depth, inText := 0, 0, false
		for i := 0; i < len(doc); i++ {
			switch {
			case inText && doc[i] == '\\':
				i++
			case doc[i] == '"':
				inText = !inText
			case inText:
			case doc[i] == '{' || doc[i] == '[':
				depth++
				deepest = max(deepest, depth)
			case doc[i] == '}' || doc[i] == ']':
				depth--
			}
		}
		for limit := range 4 {
			if got, want := tooDeep(doc, limit), deepest > limit; got != want {
				t.Errorf("tooDeep(%q, %d) = %v, want %v", doc, limit, got, want)
			}
		}
	})
}
