package clients

import "fmt"

// Quiet waits until nothing is on its way: what callers have given up may still be ending.
func (a *API) Quiet() {
	for {
		var under []*flight[landing]
		a.cache.mu.Lock()
		for _, requests := range a.cache.slots {
			for _, s := range requests {
				if s.call != nil {
					under = append(under, s.call)
				}
			}
		}
		a.cache.mu.Unlock()
		if len(under) == 0 {
			return
		}
		for _, f := range under {
			<-f.done
		}
	}
}

// CacheFaults tells what is wrong with the books of the API's cache; tests call it when all is quiet.
func (a *API) CacheFaults() (faults []string) {
	c := a.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	slots, kept, bytes := 0, 0, int64(0)
	for who, requests := range c.slots {
		for key, s := range requests {
			slots++
			bytes += s.bytes
			if s.kept != nil {
				kept++
			} else {
				fault("a slot without answer: %q", s.url)
			}
			if s.who != who || s.key != key || s.gone || s.call != nil {
				fault("a slot that is not where it belongs, or not quiet: %+v", s)
			}
			if !c.urls[s.url][s] || (who.owner != "") != c.owners[who.owner][who] {
				fault("a slot that is not found by its URL or its owner: %+v", s)
			}
		}
		if len(requests) == 0 {
			fault("an identity without slots")
		}
	}
	for _, at := range c.urls {
		slots -= len(at)
	}
	for owner, identities := range c.owners {
		for who := range identities {
			if owner == "" || len(c.slots[who]) == 0 {
				fault("owner %q has identities without slots", owner)
			}
		}
	}
	if slots != 0 || kept != c.recent.Len() || bytes != c.bytes || len(c.behinds) != 0 {
		fault("%d more slots than URLs, %d answers of %d listed, %d bytes of %d counted, %d behind", slots, kept, c.recent.Len(), bytes, c.bytes, len(c.behinds))
	}
	return faults
}
