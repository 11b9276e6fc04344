package decoders

import (
	"strings"
	"testing"
)

// What each candidate takes that a strict reader refuses (RFC 8259 §4 and §8.1, RFC 7493 §2). The rows say what was found;
// a change of them is a reason to look at the decision again.
func TestStrictness(t *testing.T) {
	type post struct {
		ID    int    `json:"id"`
		Title string `json:"title"`
	}
	for _, c := range []struct {
		what, doc string
		takenBy   string
	}{
		{"one name twice", `{"id":1,"id":2}`, "std goccy sonic sonic-std"},
		{"invalid UTF-8", "{\"title\":\"\xff\"}", "std goccy sonic sonic-std"},
		{"half a surrogate pair", `{"title":"\ud800"}`, "std goccy sonic sonic-std"},
		{"bytes behind the value", `{"id":1} x`, ""},
		{"a second value behind the first", `{"id":1}{"id":2}`, ""},
		{"a control character in a text", "{\"title\":\"a\nb\"}", "sonic"},
		{"a name in other letters", `{"ID":1}`, "std goccy sonic sonic-std"},
		{"a number with a leading zero", `{"id":01}`, ""},
		{"a wrong escape", `{"title":"\x"}`, ""},
		{"half a document", `{"id":1`, ""},
		{"a fraction for an integer", `{"id":1.5}`, ""},
		{"nonsense in a member not asked for", `{"id":1,"other":[1,}`, ""},
	} {
		var taken []string
		for _, d := range decoders() {
			var p post
			if d.decode([]byte(c.doc), &p) == nil && (c.what != "a name in other letters" || p.ID == 1) {
				taken = append(taken, d.name)
			}
		}
		if got := strings.Join(taken, " "); got != c.takenBy {
			t.Errorf("%s is taken by %q, want %q", c.what, got, c.takenBy)
		}
	}
}
