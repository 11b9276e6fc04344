package rest

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strconv"
	"testing"
	"time"

	"vestibule.example/clients"
)

// tone is an enum.
type tone string

// amount is a scalar that writes itself.
type amount struct{ cents int }

func (a *amount) MarshalJSON() ([]byte, error) { return []byte(strconv.Itoa(a.cents)), nil }

// code is one that is a string in Go.
type code string

func (c *code) MarshalJSON() ([]byte, error) { return []byte(`{"code":"` + string(*c) + `"}`), nil }

func pointer[T any](v T) *T { return &v }

// A form is read by net/url as what was put into it, whatever bytes that has.
func TestForm(t *testing.T) {
	var every []byte
	for c := range 256 {
		every = append(every, byte(c))
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	body := NewBody(1)
	body.Put(pointer(string(every)), "a&b", string(every))
	body.Set("enum", tone("high"))
	body.Set("enums", &[]tone{"high", "low"})
	body.Set("number", pointer(-7))
	body.Set("share", 0.25)
	body.Set("yes", pointer(true))
	body.Set("at", &at)
	body.Set("lists", [][]*string{{pointer("x"), nil}, nil})
	body.Set("objects", Objects([]*tone{pointer(tone("y")), nil}, func(v *tone) *Body {
		if v == nil {
			return nil
		}
		inner := NewBody(1)
		inner.Set("tone", v)
		return inner
	}))
	body.Set("nothing", (*string)(nil))
	body.Set("no object", (*Body)(nil))

	text := string(Form(body).(form).AppendForm([]byte("before "))[len("before "):])
	got, err := url.ParseQuery(text)
	want := url.Values{
		"a&b[" + string(every) + "]": {string(every)}, "enum": {"high"}, "enums[0]": {"high"}, "enums[1]": {"low"}, "number": {"-7"}, "share": {"0.25"}, "yes": {"true"},
		"at": {"2026-01-02T03:04:05.0000006Z"}, "lists[0][0]": {"x"}, "objects[0][tone]": {"y"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s is read as\n%q (%v), want\n%q", text, got, err, want)
	}
	if escaped := url.QueryEscape(string(every)); string(appendEscaped(nil, string(every))) != escaped {
		t.Errorf("escaped otherwise than by net/url: %q", escaped)
	}
}

// What has been written has nothing left in it for the next call, whose body it becomes.
func TestABodyIsWrittenOnce(t *testing.T) {
	body := NewBody(2)
	body.Put("secret", "outer", "inner")
	if text, err := body.AppendJSON(nil); err != nil || string(text) != `{"outer":{"inner":"secret"}}` {
		t.Fatalf("%s, %v", text, err)
	}
	for range 3 {
		if text, err := NewBody(1).append(nil); err != nil || string(text) != `{}` {
			t.Errorf("a new body is %s, %v", text, err)
		}
	}
}

// A body is JSON of what was put into it.
func TestBody(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	body := NewBody(1)
	for _, m := range []member{
		{"text", "<é\u2028>"}, {"number", 3}, {"digits", json.Number("1.50")}, {"yes", true}, {"at", &at}, {"when", at}, {"tones", &[]tone{"high", "low"}}, {"lists", [][]*string{{pointer("x"), nil}, nil}},
		{"share", pointer(0.25)}, {"nothing", (*string)(nil)}, {"never", (*time.Time)(nil)}, {"none", nil}, {"amount", &amount{5}}, {"amounts", []amount{{6}}}, {"code", pointer(code("c"))},
	} {
		body.Set(m.name, m.value)
	}
	got, err := body.AppendJSON([]byte("before "))
	want := `before {"text":"<é` + "\u2028" + `>","number":3,"digits":1.50,"yes":true,"at":"2026-01-02T03:04:05.0000006Z","when":"2026-01-02T03:04:05.0000006Z","tones":["high","low"],"lists":[["x",null],null],` +
		`"share":0.25,"nothing":null,"never":null,"none":null,"amount":5,"amounts":[6],"code":{"code":"c"}}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

// What JSON cannot hold is an error, however deep it lies.
func TestABodyThatCannotBeWritten(t *testing.T) {
	broken := "\xff"
	for name, value := range map[string]any{
		"a string": broken, "a pointer": &broken, "an element": []*string{&broken},
		"a member": Objects([]*string{&broken}, func(v *string) *Body {
			inner := NewBody(1)
			inner.Set("text", v)
			return inner
		}),
	} {
		body := NewBody(1)
		body.Set("value", value)
		if text, err := body.AppendJSON(nil); err == nil {
			t.Errorf("%s that is no text is written as %q", name, text)
		}
	}
}

func TestNumbers(t *testing.T) {
	if got, err := Numbers([]string{"1", "-2"}); err != nil || !reflect.DeepEqual(got, []json.Number{"1", "-2"}) {
		t.Errorf("Numbers = %v, %v", got, err)
	}
	var refused *clients.Error
	for _, key := range []string{"2; drop", "+2", "02", "-0", ""} {
		if got, err := Numbers([]string{"1", key}); !errors.As(err, &refused) || refused.Code != clients.CodeBadUserInput {
			t.Errorf("Numbers of %q = %v, %v, want it refused: it is no number of JSON", key, got, err)
		}
	}
	if _, err := Numbers([]string{"1", "2; drop"}); !errors.As(err, &refused) || refused.Code != clients.CodeBadUserInput {
		t.Errorf("a key that is no number = %v, want %s", err, clients.CodeBadUserInput)
	}
}
