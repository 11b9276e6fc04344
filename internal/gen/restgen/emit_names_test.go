package restgen

import "testing"

// An argument may be called as a variable, a package or a function of what is generated; one that is called as a member of something is not in its way.
func TestArgumentsGiveWay(t *testing.T) {
	const body = "query := url.Values{}\nif arg__query != nil {\nquery.Set(\"q\", strconv.Itoa(*arg__query))\n}\nreturn answer.limit(arg__limit, arg__url, arg__ctx)"
	got := withoutMarks("(ctx context.Context, arg__query *int, arg__limit int, arg__url string, arg__ctx int)", body)
	if want := "(ctx context.Context, givenQuery *int, limit int, givenUrl string, givenCtx int)"; got != want {
		t.Errorf("declaration %s, want %s", got, want)
	}
	left := inResolver(withoutMarks(body, body))
	want := "givenQuery := query\ngivenUrl := url\ngivenCtx := ctx\n{\nquery := url.Values{}\nif givenQuery != nil {\nquery.Set(\"q\", strconv.Itoa(*givenQuery))\n}\nreturn answer.limit(limit, givenUrl, givenCtx)\n}"
	if left != want {
		t.Errorf("left in a resolver:\n%s\nwant\n%s", left, want)
	}
	if alone := inResolver("return nil, nil"); alone != "return nil, nil" {
		t.Errorf("without such arguments: %s", alone)
	}
}
