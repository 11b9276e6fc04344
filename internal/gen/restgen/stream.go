package restgen

import (
	"fmt"
	"strings"
	"time"

	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// Bounds of how often an API is asked again.
const shortestEvery, longestEvery = 500 * time.Millisecond, time.Hour

// stream is where a subscription's events come from.
type stream struct {
	// every is how often the API is asked; 0 for its event stream, of which names are the events that count, nil for all.
	every time.Duration
	names []string
}

// readStream reads events and every.
func (p *Plan) readStream(c *call, d *ast.Directive) {
	events, every := d.Arguments.ForName("events") != nil, argument(d, "every")
	if c.owner != p.schema.Subscription || c.field == nil {
		if events || every != "" {
			p.faults.at(d.Position, "subscription", "%s: events and every are for a field of Subscription", c.name())
		}
		return
	}
	if events == (every != "") {
		p.faults.at(d.Position, "subscription", "%s: want events: for an API's event stream, or every: for an API that is asked again and again", c.name())
		return
	}
	if c.op.method != "get" || c.sends() || c.own != (overrides{}) || c.page != nil || c.batch != nil || argument(d, "optional") == "true" {
		p.faults.at(d.Position, "subscription", "%s: events are asked for by GET, with path and query alone: another such field is hand-written", c.name())
		return
	}
	c.stream = &stream{}
	if every != "" {
		c.stream.every = p.readDuration(c, "every", every, shortestEvery, longestEvery)
	}
	for _, name := range texts(d, "events") {
		c.stream.names = append(c.stream.names, name.Raw)
	}
}

// late orders calls: 1 for one that follows events.
func (c *call) late() int {
	if c.stream != nil {
		return 1
	}
	return 0
}

// events is the schema of what an operation's events hold, as far as the document says it.
func (o *operation) events() (schema any, ok bool) {
	responses := object(o.raw["responses"])
	for _, status := range []string{"200", "2XX", "default"} {
		media, is := object(o.doc.at(responses[status])["content"])["text/event-stream"]
		if !is {
			continue
		}
		if item, is := object(media)["itemSchema"]; is { // OpenAPI 3.2's, which some write already.
			return item, true
		}
		return object(media)["schema"], true
	}
	return nil, false
}

// bindEvents makes the Go types of what a stream tells. Most documents say no more of it than that it is text: then the type must be
// one that another field is given by the same API.
func (p *Plan) bindEvents(c *call) {
	schema, ok := c.op.events()
	if !ok {
		p.faults.at(c.pos, "answer", "GET %s of %s has no event stream (text/event-stream): want every: to ask it again and again", c.op.path, c.api)
		return
	}
	s, t := c.op.doc.given(schema), c.typ()
	if s.kind != "" && s.kind != "string" || t.Elem != nil {
		p.bindTaken(c, s)
		return
	}
	if o := p.objects[t.Name()]; o == nil || o.api != c.api || len(c.take) > 0 {
		p.faults.at(c.pos, "events", "%s: %s says not what the events of GET %s are: want %s to be the type of another field of %s's, or a schema in its document", c.name(), c.api, c.op.path, t.Name(), c.api)
	}
}

// streamBody are the statements of a subscription.
func (c *emitted) streamBody() string {
	var b strings.Builder
	at := fmt.Sprintf("clients.At(%s)", strings.Join(append([]string{fmt.Sprintf("%q", c.op.path)}, c.pathValues(&b)...), ", "))
	query := "nil"
	if len(c.query) > 0 {
		query = "query"
		b.WriteString("query := url.Values{}\n")
		for _, q := range c.query {
			c.writeQuery(&b, q)
		}
	}
	result := templates.CurrentImports.LookupType(c.field.TypeReference.GO)
	each := "each"
	if len(c.take) > 0 {
		each = fmt.Sprintf("func(ctx context.Context, answer %s) error { return each(ctx, %s) }", enveloped(result, c.take), within(c.take))
	}
	call := fmt.Sprintf("ctx, r.APIs[%q], %s, %s", c.api, at, query)
	switch {
	case c.stream.every > 0:
		call = fmt.Sprintf("clients.Poll(%s, %s, %s)", call, durationText(c.stream.every), each)
	case c.stream.names != nil:
		call = fmt.Sprintf("clients.EventsNamed(%s, %#v, %s)", call, c.stream.names, each)
	default:
		answer := "answer"
		if len(c.take) > 0 {
			answer = within(c.take)
		}
		call = fmt.Sprintf("clients.Events(%s, func(ctx context.Context, _ string, answer %s) error { return each(ctx, %s) })", call, enveloped(result, c.take), answer)
	}
	fmt.Fprintf(&b, "return follow(ctx, func(ctx context.Context, each func(context.Context, %s) error) error {\nreturn %s\n})", result, call)
	return b.String()
}
