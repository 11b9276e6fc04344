package spa

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// DefaultCSP is the Content-Security-Policy of the app: everything from this
// origin alone, nothing inline, no frames in either direction, and no way for a
// script to make markup of text (Trusted Types).
const DefaultCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; " +
	"frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// permissions turns off what the app never asks for.
const permissions = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), " +
	"gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"

// setSecurityHeaders sets what every answer of this package carries (WEB-2 to WEB-7).
func setSecurityHeaders(h http.Header, csp string) {
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	// With no-referrer a form of our own would be sent with "Origin: null", and /auth/logout refuses it.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
}

// refusals writes the answers that are not files: a plain page for navigations,
// problem+json (RFC 9457) for everything else (PROB-1, PROB-2).
type refusals struct {
	csp string // admits the page's one style by its hash, and nothing else
}

func newRefusals() *refusals {
	sum := sha256.Sum256([]byte(refusalStyle))
	return &refusals{csp: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
}

// write answers with a status. Nothing of the request is repeated in it.
func (s *refusals) write(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", s.csp)
	h.Set("Vary", "Accept, Accept-Encoding, Sec-Fetch-Dest")
	title, detail := http.StatusText(status), "There is nothing at this address."
	if status == http.StatusMethodNotAllowed {
		detail = "This address answers GET and HEAD alone."
	}
	var body []byte
	if isNavigation(r) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		body = fmt.Appendf(nil, refusalPage, title, refusalStyle, title, detail)
	} else {
		h.Set("Content-Type", "application/problem+json")
		// Strings and a number: this cannot fail.
		body, _ = json.Marshal(map[string]any{"type": "about:blank", "title": title, "status": status, "detail": detail})
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // A client that has gone needs no answer.
	}
}

const refusalStyle = `:root{color-scheme:light dark}body{max-width:36rem;margin:16vh auto;padding:0 1.5rem;` +
	`font:1.05rem/1.6 system-ui,sans-serif;background:light-dark(#faf8f4,#17191b);color:light-dark(#22262a,#eceae6)}` +
	`h1{font:600 2rem/1.2 Georgia,serif}a{color:light-dark(#14614b,#7fd1b2)}`

const refusalPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<style>%s</style>
</head>
<body>
<main>
<h1>%s</h1>
<p>%s</p>
<p><a href="/">To the start page</a></p>
</main>
</body>
</html>
`
