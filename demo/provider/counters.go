package provider

import "maps"

// Counters say what the provider was asked since the start or the last reset.
type Counters struct {
	// Token counts token calls by grant and outcome, such as "refresh_token ok" or "authorization_code invalid_grant".
	// A refresh that hangs is counted as "refresh_token hang" when it begins.
	Token map[string]int `json:"token"`
	// BackChannel counts logout tokens sent by the status of the answer, or "failed".
	BackChannel map[string]int `json:"backChannel"`
	// Revocations counts calls answered 200, whether or not the token was known (RFC 7009 §2.2).
	Revocations int `json:"revocations"`
	// UserInfo counts calls by status.
	UserInfo map[string]int `json:"userInfo"`
	// Logins counts codes issued, EndSessions sessions ended.
	Logins      int `json:"logins"`
	EndSessions int `json:"endSessions"`
	// Keys counts fetches of the JWKS, Discovery those of the metadata.
	Keys      int `json:"keys"`
	Discovery int `json:"discovery"`
}

// Counters returns a copy of the counts.
func (p *Provider) Counters() Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counters
	c.Token, c.BackChannel, c.UserInfo = maps.Clone(c.Token), maps.Clone(c.BackChannel), maps.Clone(c.UserInfo)
	return c
}

// ResetCounters begins anew at zero.
func (p *Provider) ResetCounters() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters = newCounters()
}

func newCounters() Counters {
	return Counters{Token: map[string]int{}, BackChannel: map[string]int{}, UserInfo: map[string]int{}}
}

// count changes the counters under the lock.
func (p *Provider) count(change func(*Counters)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.counters)
}
