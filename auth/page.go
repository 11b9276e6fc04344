package auth

import (
	"html/template"
	"net/http"
	"strings"
)

// page is a page of ours without scripts: a few words, and where to go from here.
type page struct {
	Title, Text string
	Links       []link
	// GoOn is where the page leads by itself, at once.
	GoOn string
}

type link struct{ Label, Href string }

const pageStyle = `:root{color-scheme:light dark}body{background:Canvas;color:CanvasText;font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0}main{box-sizing:border-box;width:min(100%,32rem);padding:2rem;overflow-wrap:anywhere}h1{font-size:1.5rem;line-height:1.2}a{display:inline-block;margin-right:1.5rem;padding:.5rem 0}`

// pageStyleHash is the style's SHA-256 for the content security policy; a test computes it anew.
const pageStyleHash = "sha256-Rfkj4THL8OiFt5neRHcQd9ZrmHxTKjNmw+HmZYA5zCk="

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{if .GoOn}}<meta http-equiv="refresh" content="0; url={{.GoOn}}">
{{end}}<title>{{.Title}}</title>
<style>` + pageStyle + `</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
<p>{{range .Links}}<a href="{{.Href}}">{{.Label}}</a>{{end}}</p>
</main>
</body>
</html>
`))

// writePage writes the page with a policy that allows its own style and nothing else.
func writePage(w http.ResponseWriter, status int, p page) {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, p); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+pageStyleHash+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	noStore(h)
	w.WriteHeader(status)
	w.Write([]byte(b.String())) //nolint:errcheck // The reader is gone; there is nobody to tell.
}
