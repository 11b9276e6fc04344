package clients

import (
	"fmt"
	"net/http"
	"testing"
)

// Integers that an API writes as 1.0 or 1e3 are read as what they are, and nothing else of the document is read less strictly for it.
func TestWholeNumbers(t *testing.T) {
	type numbers struct {
		A int    `json:"a"`
		B int64  `json:"b"`
		C *int   `json:"c"`
		D string `json:"d"`
	}
	for body, want := range map[string]string{
		`{"a":1.0,"b":2.5e1,"c":-0.0,"d":"x"}`: "1 25 0 x",
		`{"a":1e3,"b":null,"c":null}`:          "1000 0 nil ",
		`{"a":1.0,"b":9007199254740993}`:       "1 9007199254740993 nil ",
		`{"a":1.0,"b":9007199254740992.0}`:     "1 9007199254740992 nil ",
		`{"a":1.0,"b":9007199254740994.0}`:     "refused",
		`{"a":1.0,"b":92233720368547758070}`:   "refused",
		`{"a":1.5}`:                            "refused",
		`{"a":1e999}`:                          "refused",
		`{"a":"1"}`:                            "refused",
		`{"a":1.0,"d":2}`:                      "refused",
		`{"a":1.}`:                             "refused",
		`{"a":1.0,"a":2}`:                      "refused",
	} {
		var n numbers
		got := "refused"
		if err := decode(&answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(body)}, &n, nil); err == nil {
			c := "nil"
			if n.C != nil {
				c = fmt.Sprint(*n.C)
			}
			got = fmt.Sprintf("%d %d %s %s", n.A, n.B, c, n.D)
		}
		if got != want {
			t.Errorf("decode(%s) = %s, want %s", body, got, want)
		}
	}
}
