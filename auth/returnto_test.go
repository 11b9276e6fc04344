package auth

import (
	"net/url"
	"strings"
	"testing"
)

// RED-1, RED-2, T-6: whatever is not plainly a path of ours is "/".
func TestCleanReturnTo(t *testing.T) {
	for _, bad := range []string{
		"", "//", "//?x", "//#x", "//e", "///e", "////e", `/\e`, `\/e`, `\\e`, "/\t/e", "/%09/e", "/%5ce", "/%5c/e", "%2f%2fe", "/%2fe", "/%2f/e", "https:e", "https:/e", "https://e", "HTTPS://e",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "/\x00", "/%00", "/.//e", "/..//e", "/./e", "/../e", "/a/../..//e", "/a/%2e%2e/b", "?x", "#x", "@e", "／／e", "/／e",
		"http://app@e", "/ /e", " /e", "/\r\nLocation: e", "/%0d%0aX:y", "/a\u2028b", "/ä", "/\u202e", "e", "./e", "/a//b", "/a%2f%2fb", "/a%5cb", "/" + strings.Repeat("a", 8<<10),
		"/auth/login", "/auth/logout?t=x", "/auth/callback", "/auth", "/graphql", "/graphql?query={x}", "/api/orders", "/playground/", "/playground?query={x}", "/playground#x", "/playground/assets/x.js", "/a%zz", "/%7f",
	} {
		if got := cleanReturnTo(bad); got != "/" {
			t.Errorf("cleanReturnTo(%q) = %q, want /", bad, got)
		}
	}
	for _, good := range []string{"/", "/a", "/a/b", "/a?b=c&d=%20", "/a#part", "/orders/o-1001?tab=lines#top", "/a.b/c..d", "/authors", "/apiary", "/playground", "/a?next=https://e", "/a?x=//e"} {
		if got := cleanReturnTo(good); got != good {
			t.Errorf("cleanReturnTo(%q) = %q, want it as it is", good, got)
		}
	}
}

// Whatever comes out stays on this origin, as a browser resolves it.
func FuzzCleanReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//e", `/\e`, "/%2f/e", "/a?b#c", "https://e", "/\t/e"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://app.test/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := cleanReturnTo(text)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\t\r\n\x00") {
			t.Fatalf("cleanReturnTo(%q) = %q", text, got)
		}
		// Browsers drop controls and take backslashes for slashes before they resolve.
		to, err := base.Parse(strings.ReplaceAll(got, `\`, "/"))
		if err != nil || to.Host != "app.test" || to.Scheme != "https" || strings.HasPrefix(to.Path, "//") {
			t.Fatalf("cleanReturnTo(%q) = %q, which leads to %v, %v", text, got, to, err)
		}
		if cleanReturnTo(got) != got {
			t.Fatalf("cleanReturnTo is not stable on %q", got)
		}
	})
}
