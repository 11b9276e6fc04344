package provider

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// pages are the provider's HTML and what it needs. No page has script but the one that sends a form_post answer.
type pages struct {
	templates  *template.Template
	scriptHash string // of submitScript, for the policy
}

// submitScript sends the form_post answer (OAuth 2.0 Form Post Response Mode §2). Without script there is a button.
const submitScript = "document.forms[0].submit()"

func newPages() (*pages, error) {
	templates, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("provider: pages: %w", err)
	}
	sum := sha256.Sum256([]byte(submitScript))
	return &pages{templates: templates, scriptHash: "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}, nil
}

// asset answers with one embedded file.
func (pp *pages) asset(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "max-age=300")
		http.ServeFileFS(w, r, pageFiles, "pages/"+name)
	}
}

// loginData is what the pages login and code show.
type loginData struct {
	ID     string
	Client string
	Users  []User
	Name   string // filled in
	Fault  string // what was wrong with the last try
	Code   string
	As     User // whose code is asked for
}

// policy is the Content-Security-Policy of a page whose forms lead to these origins beside the provider's own.
// Chromium applies form-action to the redirects after a form as well, so that the client's origin must be in it.
func policy(extra string, formOrigins ...string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " +
		strings.Join(append([]string{"'self'"}, formOrigins...), " ") + extra
}

// show writes a page.
func (p *Provider) show(w http.ResponseWriter, r *http.Request, status int, page string, data any, formOrigins ...string) {
	p.write(w, r, status, page, data, policy("", formOrigins...))
}

func (p *Provider) write(w http.ResponseWriter, r *http.Request, status int, page string, data any, policy string) {
	var body bytes.Buffer
	if err := p.pages.templates.ExecuteTemplate(&body, page, data); err != nil {
		p.log.ErrorContext(r.Context(), "demo provider page", "page", page, "error", err)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // the browser has gone
}

// failPage says why there is nothing to sign in to. It goes nowhere.
func (p *Provider) failPage(w http.ResponseWriter, r *http.Request, status int, text string) {
	p.show(w, r, status, "fail", text)
}

// formPost writes the page that sends an authorization response as a form.
func (p *Provider) formPost(w http.ResponseWriter, r *http.Request, to string, values url.Values) {
	data := struct {
		To     string
		Values map[string]string
		Script template.JS
	}{to, map[string]string{}, submitScript}
	for name := range values {
		data.Values[name] = values.Get(name)
	}
	p.write(w, r, http.StatusOK, "form-post", data, policy("; script-src "+p.pages.scriptHash, origin(to)))
}

// origin is scheme and host of a URI that was compared with those registered.
func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}
