package fault

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxRules bounds the rules set at once.
const maxRules = 200

// Config is what a Control is made of. The zero value works.
type Config struct {
	// Targets are the names of the servers under control; the demo world's five when empty.
	Targets []string
	// MaxCalls bounds the calls kept for each target, the newest ones; 1000 when zero.
	MaxCalls int
	// Now is the clock of the records; time.Now when nil.
	Now func() time.Time
}

// Control holds the faults set and the calls recorded. It is made by New and safe for concurrent use.
type Control struct {
	targets  []string
	maxCalls int
	now      func() time.Time
	closed   chan struct{}
	close    sync.Once

	mu     sync.Mutex // guards what follows
	rules  []*active  // oldest first
	nextID int
	calls  map[string][]*Call // by target, oldest first
	seq    int64
}

// active is a rule in force.
type active struct {
	Rule
	left    int           // requests left when Times > 0
	removed chan struct{} // closed when the rule is removed
}

// New makes a Control without faults.
func New(cfg Config) *Control {
	if len(cfg.Targets) == 0 {
		cfg.Targets = []string{"accounts", "catalog", "orders", "shipping", "provider"}
	}
	if cfg.MaxCalls <= 0 {
		cfg.MaxCalls = 1000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Control{
		targets:  slices.Clone(cfg.Targets),
		maxCalls: cfg.MaxCalls,
		now:      cfg.Now,
		closed:   make(chan struct{}),
		calls:    map[string][]*Call{},
	}
}

// Targets returns the names of the servers under control.
func (c *Control) Targets() []string { return slices.Clone(c.targets) }

// Close lets go of every request that hangs or waits, so that servers can shut down. Rules no longer apply.
func (c *Control) Close() { c.close.Do(func() { close(c.closed) }) }

// Add sets one more rule and returns its id.
func (c *Control) Add(rule Rule) (id string, err error) {
	if err := rule.check(c.targets); err != nil {
		return "", fmt.Errorf("fault: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rules) >= maxRules {
		return "", fmt.Errorf("fault: at most %d rules", maxRules)
	}
	return c.add(rule), nil
}

// Set replaces all rules. Nothing changes when one of them is wrong.
func (c *Control) Set(rules ...Rule) error {
	if len(rules) > maxRules {
		return fmt.Errorf("fault: at most %d rules", maxRules)
	}
	for i := range rules {
		if err := rules[i].check(c.targets); err != nil {
			return fmt.Errorf("fault: rule %d: %w", i, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(func(*active) bool { return true })
	for _, rule := range rules {
		c.add(rule)
	}
	return nil
}

// Clear removes the rules of these targets, or all rules when none is named.
func (c *Control) Clear(targets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(func(a *active) bool { return len(targets) == 0 || slices.Contains(targets, a.Target) })
}

// Remove removes the rule of this id; it reports whether there was one.
func (c *Control) Remove(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remove(func(a *active) bool { return a.ID == id }) > 0
}

// Rules returns the rules in force, oldest first; Times is what is left of it.
func (c *Control) Rules() []Rule {
	c.mu.Lock()
	defer c.mu.Unlock()
	rules := make([]Rule, 0, len(c.rules))
	for _, a := range c.rules {
		rule := a.Rule
		rule.Times = a.left
		rule.Header = maps.Clone(rule.Header)
		rules = append(rules, rule)
	}
	return rules
}

// add needs c.mu.
func (c *Control) add(rule Rule) string {
	c.nextID++
	if rule.ID == "" {
		rule.ID = "f" + strconv.Itoa(c.nextID)
	}
	// The id is how a rule is removed, so the newer one takes the place of the older.
	c.remove(func(a *active) bool { return a.ID == rule.ID })
	rule.Header = maps.Clone(rule.Header)
	c.rules = append(c.rules, &active{Rule: rule, left: rule.Times, removed: make(chan struct{})})
	return rule.ID
}

// remove needs c.mu.
func (c *Control) remove(which func(*active) bool) int {
	kept := c.rules[:0:0]
	removed := 0
	for _, a := range c.rules {
		if which(a) {
			close(a.removed)
			removed++
			continue
		}
		kept = append(kept, a)
	}
	c.rules = kept
	return removed
}

// plan is what is to happen to one request.
type plan struct {
	latency time.Duration
	effect  *active // nil: the server answers
	header  map[string]string
	text    string
}

// take finds what the rules say about a request and counts it against their Times.
func (c *Control) take(target string, r *http.Request) plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	var p plan
	var used []*active
	for _, a := range slices.Backward(c.rules) {
		if !a.matches(target, r) || a.replaces() && p.effect != nil {
			continue
		}
		used = append(used, a)
		p.latency += a.Latency
		if a.replaces() {
			p.effect = a
		}
		for name, value := range a.changes() {
			if _, newer := p.header[name]; newer {
				continue
			}
			if p.header == nil {
				p.header = map[string]string{}
			}
			p.header[name] = value
		}
		if p.text != "" {
			p.text += "; "
		}
		p.text += a.String()
	}
	for _, a := range used {
		if a.Times == 0 {
			continue
		}
		if a.left--; a.left == 0 {
			// Not through remove: a request that this rule keeps hanging goes on doing so.
			c.rules = slices.DeleteFunc(slices.Clone(c.rules), func(other *active) bool { return other == a })
		}
	}
	return p
}

// changes are the headers the rule sets on any answer, in canonical form.
func (r *Rule) changes() map[string]string {
	changes := make(map[string]string, len(r.Header)+1)
	if r.ContentType != "" {
		changes["Content-Type"] = r.ContentType
	}
	for name, value := range r.Header {
		changes[http.CanonicalHeaderKey(name)] = value
	}
	return changes
}
