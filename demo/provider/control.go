package provider

import "net/http"

// Control is the remote control.
func (p *Provider) Control() http.Handler { return p.guard(http.NotFoundHandler()) }
