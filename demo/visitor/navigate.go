package visitor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Page is a document that the visitor sees.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   []byte
}

// Navigate goes to a URL, or a path at the gateway's origin, as if it were typed, and follows redirects and meta refreshes until a page
// stays.
func (v *Visitor) Navigate(ctx context.Context, target string) (*Page, error) {
	to, err := v.origin.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	site := "none"
	if to.Host == v.origin.Host {
		site = "same-origin"
	}
	return v.document(ctx, req, site)
}

// document loads a document and follows where it leads. site is what Sec-Fetch-Site says of the first request.
func (v *Visitor) document(ctx context.Context, req *http.Request, site string) (*Page, error) {
	for range maxHops {
		req.Header.Set("Accept", "text/html,application/xhtml+xml")
		req.Header.Set("Sec-Fetch-Site", site)
		req.Header.Set("Sec-Fetch-Mode", "navigate")
		req.Header.Set("Sec-Fetch-Dest", "document")
		req.Header.Set("Upgrade-Insecure-Requests", "1")
		res, err := v.client.Do(req)
		if err != nil {
			return nil, err
		}
		body, err := readAll(res)
		if err != nil {
			return nil, err
		}
		page := &Page{URL: res.Request.URL, Status: res.StatusCode, Header: res.Header, Body: body}
		next, redirected, err := page.next()
		if err != nil || next == nil {
			return page, err
		}
		// A hop through another origin makes all that follow cross-site; a page that goes on by itself starts afresh.
		switch {
		case next.Host != page.URL.Host:
			site = "cross-site"
		case !redirected:
			site = "same-origin"
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, next.String(), nil); err != nil {
			return nil, fmt.Errorf("visitor: %w", err)
		}
	}
	return nil, errTooManyHops
}

var (
	refresh = regexp.MustCompile(`(?i)<meta http-equiv="?refresh"? content="\d+; ?url=([^"]+)"`)
	form    = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	input   = regexp.MustCompile(`(?i)<(?:input|button)\b[^>]*>`)
	attr    = regexp.MustCompile(`(?i)\b([a-z-]+)="([^"]*)"`)
)

// next is where the page leads by itself: a redirect or a meta refresh.
func (p *Page) next() (to *url.URL, redirected bool, err error) {
	if location := p.Header.Get("Location"); location != "" && p.Status >= 300 && p.Status < 400 {
		to, err = p.URL.Parse(location)
		return to, true, err
	}
	if isHTML(p.Header) {
		if m := refresh.FindSubmatch(p.Body); m != nil {
			to, err = p.URL.Parse(unescape(string(m[1])))
			return to, false, err
		}
	}
	return nil, false, nil
}

// Submit fills the first form of the page that has all of the named fields and sends it.
func (v *Visitor) Submit(ctx context.Context, page *Page, fields map[string]string) (*Page, error) {
	req, err := submission(ctx, page, fields)
	if err != nil {
		return nil, err
	}
	site := "same-origin"
	if req.URL.Host != page.URL.Host {
		site = "cross-site"
	}
	return v.document(ctx, req, site)
}

// submission is the request that sends the first form of the page that has all of the fields.
func submission(ctx context.Context, page *Page, fields map[string]string) (*http.Request, error) {
	for _, m := range form.FindAllSubmatch(page.Body, -1) {
		values, action, ok := fill(string(m[1]), string(m[2]), fields)
		if !ok {
			continue
		}
		to, err := page.URL.Parse(action)
		if err != nil {
			return nil, fmt.Errorf("visitor: %w", err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(values.Encode()))
		if err != nil {
			return nil, fmt.Errorf("visitor: %w", err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", page.URL.Scheme+"://"+page.URL.Host)
		return req, nil
	}
	return nil, fmt.Errorf("visitor: %s has no form with the fields asked for (status %d)", page.URL.Path, page.Status)
}

// fill gives a form's values with the fields set, and false if it lacks one of them.
func fill(head, body string, fields map[string]string) (values url.Values, action string, ok bool) {
	values = url.Values{}
	names := map[string]bool{}
	for _, tag := range input.FindAllString(body, -1) {
		a := attributes(tag)
		names[a["name"]] = true
		if a["name"] != "" && a["type"] == "hidden" {
			values.Set(a["name"], a["value"])
		}
	}
	for name, value := range fields {
		if !names[name] {
			return nil, "", false
		}
		values.Set(name, value)
	}
	return values, attributes(head)["action"], true
}

func attributes(tag string) map[string]string {
	out := map[string]string{}
	for _, m := range attr.FindAllStringSubmatch(tag, -1) {
		out[strings.ToLower(m[1])] = unescape(m[2])
	}
	return out
}

func unescape(s string) string {
	return strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace(s)
}

// SignIn signs in at the demo's provider and comes back to returnTo, a path of the gateway. Extra parameters of
// /auth/login (acr_values, prompt …) go in params, which may be nil.
func (v *Visitor) SignIn(ctx context.Context, user, password, returnTo string, params url.Values) (*Page, error) {
	query := url.Values{"return_to": {returnTo}}
	for name, values := range params {
		query[name] = values
	}
	page, err := v.Navigate(ctx, "/auth/login?"+query.Encode())
	if err != nil {
		return nil, err
	}
	if page.URL.Host != v.origin.Host {
		if page, err = v.Submit(ctx, page, map[string]string{"username": user, "password": password}); err != nil {
			return nil, err
		}
	}
	if page.URL.Host != v.origin.Host {
		return page, fmt.Errorf("visitor: %s was not signed in: the provider shows %s (%d)", user, page.URL.Path, page.Status)
	}
	return page, nil
}

// SignOut ends the session as the SPA does, goes to the provider and comes back.
func (v *Visitor) SignOut(ctx context.Context) (*Page, error) {
	res, err := v.Fetch(ctx, http.MethodPost, "/auth/logout", "", nil)
	if err != nil {
		return nil, err
	}
	body, err := readAll(res)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Continue string `json:"continue"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("visitor: /auth/logout answered %d with %.200q: %w", res.StatusCode, body, err)
	}
	return v.Navigate(ctx, answer.Continue)
}

// Hop makes one request of a document and follows nothing. The caller closes the body.
func (v *Visitor) Hop(ctx context.Context, target string, header http.Header) (*http.Response, error) {
	to, err := v.origin.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	req.Header = header.Clone()
	return v.client.Do(req)
}

// SubmitUntil submits a form as Submit does, and follows redirects until one leads to an address that begins with stop. It returns that
// address and does not go there, as an attacker would keep a response that was meant for her own browser.
func (v *Visitor) SubmitUntil(ctx context.Context, page *Page, fields map[string]string, stop string) (string, error) {
	req, err := submission(ctx, page, fields)
	if err != nil {
		return "", err
	}
	for range maxHops {
		res, err := v.client.Do(req)
		if err != nil {
			return "", err
		}
		res.Body.Close()
		next, err := req.URL.Parse(res.Header.Get("Location"))
		if err != nil || res.Header.Get("Location") == "" {
			return "", fmt.Errorf("visitor: %s leads nowhere (%d)", req.URL.Path, res.StatusCode)
		}
		if strings.HasPrefix(next.String(), stop) {
			return next.String(), nil
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, next.String(), nil); err != nil {
			return "", fmt.Errorf("visitor: %w", err)
		}
	}
	return "", errTooManyHops
}

// Post sends a form to a path of the gateway with the headers given, and follows nothing. The caller closes the body.
func (v *Visitor) Post(ctx context.Context, path string, form url.Values, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.origin.String()+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.client.Do(req)
}
