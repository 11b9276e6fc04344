package livetest

import (
	"io"
	"net/http"
	"testing"
)

// Names that have dots, spaces and letters of any language in them are read and sent as they are, and an object's properties go into the
// query as the style deepObject has them.
func TestOddNames(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, _ *http.Request) {
		io.WriteString(out, `{"@odata.value": [{"@odata.count": 3, "größe in mm": "zwölf", "a.b": {"c d.e": "within"}, "+1": 7}, {"gr\u00f6\u00dfe in mm": "escaped"}]}`)
	})
	got := w.ask("alice", `{odd(state: "new", word: "lamp") {count size deep likes}}`)
	if want := `{"odd":[{"count":3,"size":"zwölf","deep":"within","likes":7},{"count":null,"size":"escaped","deep":null,"likes":null}]}`; got != want {
		t.Errorf("odd = %s, want %s", got, want)
	}
	if want := `POST /odd?filter%5Bstate%5D=new {"$filter.word":"lamp"}`; len(w.calls) != 1 || w.calls[0] != want {
		t.Errorf("the API was asked %q, want %s", w.calls, want)
	}
}
