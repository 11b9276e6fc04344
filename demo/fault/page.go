package fault

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

//go:embed page.html
var pageSource string

//go:embed style.css
var styleSource []byte

// shownCalls is how many calls the page shows.
const shownCalls = 100

// pageData is what page.html shows.
type pageData struct {
	Error   string
	Targets []pageTarget
	Filter  string // the target whose calls are shown; empty is all
	Follow  bool   // load again every few seconds
	Calls   []Call // newest first
	Total   int
}

// pageTarget is one server on the page.
type pageTarget struct {
	Name  string
	Rules []Rule
	Down  bool
}

// showPage handles GET /control/.
func (c *Control) showPage(w http.ResponseWriter, r *http.Request) {
	c.writePage(w, r.URL.Query(), http.StatusOK, "")
}

func (c *Control) writePage(w http.ResponseWriter, query url.Values, status int, fault string) {
	data := pageData{Error: fault, Filter: query.Get("target"), Follow: query.Get("follow") == "1"}
	if !slices.Contains(c.targets, data.Filter) {
		data.Filter = ""
	}
	rules := c.Rules()
	for _, name := range c.targets {
		target := pageTarget{Name: name}
		for _, rule := range rules {
			if rule.Target == name {
				target.Rules = append(target.Rules, rule)
				target.Down = target.Down || isDown(&rule)
			}
		}
		data.Targets = append(data.Targets, target)
	}
	calls := c.Calls(data.Filter)
	data.Total = len(calls)
	slices.Reverse(calls)
	data.Calls = calls[:min(len(calls), shownCalls)]

	var page bytes.Buffer
	// Parsed for each showing: the page is rare and the Control then needs no field for it.
	parsed, err := template.New("page").Funcs(template.FuncMap{
		"milliseconds": func(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) },
		"clock":        func(t time.Time) string { return t.Format("15:04:05.000") },
		"fails":        func(status int) bool { return status >= 400 },
	}).Parse(pageSource)
	if err == nil {
		err = parsed.Execute(&page, data)
	}
	if err != nil {
		problem(w, http.StatusInternalServerError, "The page cannot be shown.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(styleSource)
}

// isDown reports whether the rule makes its whole target unreachable.
func isDown(rule *Rule) bool {
	return rule.Drop && rule.PathPrefix == "" && rule.Method == "" && rule.Times == 0
}

// submitForm handles POST /control/form: what the buttons of the page do.
func (c *Control) submitForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		problem(w, http.StatusBadRequest, "The form cannot be read.")
		return
	}
	target := r.PostForm.Get("target")
	if err := c.act(r.PostForm, target); err != nil {
		c.writePage(w, r.PostForm, http.StatusUnprocessableEntity, err.Error())
		return
	}
	place := "/control/"
	if slices.Contains(c.targets, target) {
		place += "#" + target
	}
	http.Redirect(w, r, place, http.StatusSeeOther)
}

// act does what one button says.
func (c *Control) act(form url.Values, target string) error {
	switch form.Get("do") {
	case "add":
		rule, err := formRule(form)
		if err != nil {
			return err
		}
		_, err = c.Add(rule)
		return err
	case "down":
		_, err := c.Add(Rule{Target: target, Drop: true})
		return err
	case "up":
		for _, rule := range c.Rules() {
			if rule.Target == target && isDown(&rule) {
				c.Remove(rule.ID)
			}
		}
	case "remove":
		c.Remove(form.Get("id")) // gone already is as good
	case "clear":
		c.Clear(target)
	case "clear-all":
		c.Clear()
	case "forget":
		c.ResetCalls()
	default:
		return fmt.Errorf("fault: no such button")
	}
	return nil
}

// formRule reads the rule of the form "add a fault".
func formRule(form url.Values) (Rule, error) {
	rule := Rule{Target: form.Get("target"), PathPrefix: form.Get("path"), Method: form.Get("method")}
	number := func(name string) (int, error) {
		text := form.Get(name)
		if text == "" {
			return 0, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxTimes {
			return 0, fmt.Errorf("fault: %s must be a whole number up to %d", name, maxTimes)
		}
		return n, nil
	}
	latency, err := number("latency")
	if err != nil {
		return rule, err
	}
	rule.Latency = time.Duration(latency) * time.Millisecond
	if rule.Times, err = number("times"); err != nil {
		return rule, err
	}
	switch effect := form.Get("effect"); effect {
	case "":
	case "html":
		rule.Status, rule.ContentType = http.StatusBadGateway, "text/html; charset=utf-8"
		rule.Body = "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>"
	case "json":
		rule.Status, rule.Body = http.StatusInternalServerError, `{"error":"out of order"}`
	case "empty":
		rule.Status, rule.Empty = http.StatusInternalServerError, true
	case "hang":
		rule.Hang = true
	case "drop":
		rule.Drop = true
	case "garbage":
		rule.Garbage = true
	case "truncate":
		rule.Truncate = true
	case "cut":
		rule.Cut = true
	case "drip":
		rule.Drip = 50 * time.Millisecond
	case "type":
		rule.ContentType = "text/html"
	default:
		if rule.Status, err = strconv.Atoi(effect); err != nil {
			return rule, fmt.Errorf("fault: no such effect")
		}
		if rule.Status == http.StatusTooManyRequests || rule.Status == http.StatusServiceUnavailable {
			rule.Header = map[string]string{"Retry-After": "2"}
		}
	}
	return rule, nil
}
