package clients

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

type shelf struct {
	Label string  `json:"label"`
	Books []*book `json:"books"`
	Room  *room   `json:"room"`
}

type book struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Pages   int            `json:"pages"`
	Printed time.Time      `json:"printed"`
	Within  *shelf         `json:"within"`
	Notes   map[string]any `json:"notes"`
}

type room struct {
	Number int    `json:"number"`
	House  string `json:"house"`
}

// needs says what is needed of books and shelves; rooms are not known.
func needs(shelves, books string) *Projection {
	return NewProjection(func(t reflect.Type) (map[string]bool, bool) {
		named := map[string]bool{}
		switch t {
		case reflect.TypeFor[shelf]():
			for name := range strings.FieldsSeq(shelves) {
				named[name] = true
			}
		case reflect.TypeFor[book]():
			for name := range strings.FieldsSeq(books) {
				named[name] = true
			}
		default:
			return nil, false
		}
		return named, true
	})
}

const library = ` { "books" : [ {"id":"a","title":"\"A]}\\","pages":1,"other":[{"x":"]"}]} , {"pages":2 , "id" : "b","within":{"label":"in","books":[]},"notes":{"n":{"id":1}}}, null ],
	"label":"top","room":{"number":7,"house":"h"},"unknown":{"a":[1,2,{}]} } `

// No more is decoded than is needed, and that as ever.
func TestProjection(t *testing.T) {
	for _, c := range []struct{ shelves, books, want string }{
		{"label", "id", `{"label":"top"}`},
		{"books", "id", `{"books":[{"id":"a"},{"id":"b"},null]}`},
		{"books label", "title pages", `{"label":"top","books":[{"title":"\"A]}\\","pages":1},{"pages":2},null]}`},
		{"books", "id within", `{"books":[{"id":"a"},{"id":"b","within":{"books":[]}},null]}`},
		{"books", "notes", `{"books":[{},{"notes":{"n":{"id":1}}},null]}`},
		{"room", "", `{"room":{"number":7,"house":"h"}}`},
		{"", "", `{}`},
		{"label room", "", `{"label":"top","room":{"number":7,"house":"h"}}`},
	} {
		var got, want shelf
		if !needs(c.shelves, c.books).decode([]byte(library), &got) {
			t.Errorf("%q and %q: not decoded", c.shelves, c.books)
		}
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q and %q: %+v, want %+v", c.shelves, c.books, got, want)
		}
	}
}

// What is odd, wherever it is seen, is for the decoder of the whole, which begins anew.
func TestProjectionLeavesWhatIsOdd(t *testing.T) {
	for _, c := range []struct {
		what, body string
		decoded    bool
	}{
		{"nothing odd", `{"label":"a"}`, true},
		{"something wrong where nobody looks", `{"label":"a","room":{"number":"x"}}`, true},
		{"a name twice", `{"label":"a","label":"b"}`, false},
		{"a name written otherwise", `{"l\u0061bel":"a"}`, false},
		{"a wrong type", `{"label":1}`, false},
		{"half of it", `{"label":"a"`, false},
		{"half of what nobody looks at", `{"label":"a","room":{"number":`, false},
		{"a text without end", `{"label":"a","room":"`, false},
		{"more behind it", `{"label":"a"}}`, false},
		{"two values", `{"label":"a"} {}`, false},
		{"no comma", `{"label":"a" "room":1}`, false},
		{"no value", `{"room":,"label":"a"}`, false},
		{"no value where one is needed", `{"label":}`, false},
		{"no value at the end", `{"room":`, false},
		{"no element", `{"books":[,{}]}`, false},
		{"no comma in a list", `{"books":[{} {}]}`, false},
		{"no colon", `{"label" "a"}`, false},
		{"half a name", `{"lab`, false},
		{"no name", `{1:2,"label":"a"}`, false},
		{"a list", `[]`, false},
		{"nothing", ``, false},
		{"bytes that are not UTF-8", "{\"label\":\"\xff\"}", false},
		{"the one good half of a pair", `{"label":"a","books":[{"pages":"x"}]}`, false},
	} {
		got := shelf{}
		if decoded := needs("label books", "pages").decode([]byte(c.body), &got); decoded != c.decoded {
			t.Errorf("%s: decoded is %t", c.what, decoded)
		}
		if !c.decoded && !reflect.DeepEqual(got, shelf{}) {
			t.Errorf("%s: left %+v behind", c.what, got)
		}
	}
}

// What is nested too deep is for the decoder of the whole, which refuses it: wherever it is, it costs no stack.
func TestProjectionIsBoundedInDepth(t *testing.T) {
	within := func(times int, inmost string) string { // Three levels each.
		return strings.Repeat(`{"books":[{"within":`, times) + inmost + strings.Repeat(`}]}`, times)
	}
	lists := strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1)
	for _, c := range []struct {
		what, body string
		decoded    bool
	}{
		{"objects as deep as they may be", within(21, `{}`), true},
		{"objects one deeper", within(21, `{"books":[]}`), false},
		{"what is not needed as deep as it may be", within(20, `{"room":[[[]]]}`), true},
		{"what is not needed one deeper", within(20, `{"room":[[[[]]]]}`), false},
		{"as deep beside each other", `{"room":` + lists + `,"other":` + lists + `}`, true},
	} {
		if decoded := needs("books", "within").decode([]byte(c.body), &shelf{}); decoded != c.decoded {
			t.Errorf("%s: decoded is %t", c.what, decoded)
		}
	}
}

// Where everything is needed nothing is done twice.
func TestProjectionOfEverything(t *testing.T) {
	all := needs("label books room", "id title pages printed within notes")
	if s := all.shapeOf(reflect.TypeFor[shelf]()); s != nil {
		t.Errorf("a shelf that is needed whole has the shape %+v", s)
	}
	if all.decode([]byte(library), &shelf{}) {
		t.Error("what is needed whole was pruned")
	}
	var got shelf
	if !needs("label", "").decode([]byte("{}"), &got) || !reflect.DeepEqual(got, shelf{}) {
		t.Errorf("an empty object gives %+v", got)
	}
	if (*Projection)(nil).decode([]byte(library), &shelf{}) {
		t.Error("no projection decoded")
	}
}

// Whatever comes, what is decoded is what the decoder of the whole gives, without what is not needed; and what that refuses is
// refused, unless it is only wrong where nobody looks.
func FuzzProjection(f *testing.F) {
	f.Add(library)
	f.Add(`{"books":[{"id":"a","within":{"books":[{"id":"b"}]}}]}`)
	f.Add("{\"label\":\"\\u00e9\",\"room\":{\"a\":[[[]]]},\"books\":null}\n")
	p := needs("label books", "id within")
	f.Fuzz(func(t *testing.T, doc string) {
		var part, whole shelf
		if !p.decode([]byte(doc), &part) || json.Unmarshal([]byte(doc), &whole) != nil {
			return
		}
		if drop(&whole); !reflect.DeepEqual(part, whole) {
			t.Errorf("%q gives %+v, want %+v", doc, part, whole)
		}
	})
}

// drop takes away what FuzzProjection does not need.
func drop(s *shelf) {
	s.Room = nil
	for _, b := range s.Books {
		if b == nil {
			continue
		}
		if *b = (book{ID: b.ID, Within: b.Within}); b.Within != nil {
			drop(b.Within)
		}
	}
}

// BenchmarkProjection decodes 100 books of which one member is needed, and all.
func BenchmarkProjection(b *testing.B) {
	s := shelf{Label: "top"}
	for i := range 100 {
		s.Books = append(s.Books, &book{ID: strconv.Itoa(i), Title: strings.Repeat("word "+strconv.Itoa(i)+" ", 30), Pages: i})
	}
	doc, err := json.Marshal(s)
	if err != nil {
		b.Fatal(err)
	}
	p := needs("books", "id")
	b.Run("one member", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !p.decode(doc, &shelf{}) {
				b.Fatal("not decoded")
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(doc, &shelf{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
