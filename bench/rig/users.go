package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
)

// signInsAtOnce is how many people sign in at the same time.
const signInsAtOnce = 8

// User is somebody signed in at one target.
type User struct {
	// Name is the demo user's; several may be signed in as the same, each with a session and a token of her own.
	Name    string
	Visitor *visitor.Visitor
	Origin  string
	// Token is what she shows in the place of her cookies, if anything: to a server that knows no sessions.
	Token string
}

// NewVisitor makes somebody at a browser who reaches the target at address under the public URL.
func NewVisitor(public, address string) (*visitor.Visitor, error) {
	dialer := &net.Dialer{}
	host := strings.TrimPrefix(public, "http://")
	return visitor.New(public, &http.Transport{MaxIdleConnsPerHost: 2, DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == host {
			to = address
		}
		return dialer.DialContext(ctx, network, to)
	}})
}

// SignIn signs n people in at the target at address, in turn as each of the world's customers, through the provider's
// login page.
func (w *World) SignIn(ctx context.Context, public, address string, n int) ([]*User, error) {
	users, errs := make([]*User, n), make([]error, n)
	customers := w.Customers()
	slots := make(chan struct{}, signInsAtOnce)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			customer := customers[i%len(customers)]
			v, err := NewVisitor(public, address)
			if err == nil {
				_, err = v.SignIn(ctx, customer.Name, customer.Password, "/", nil)
			}
			users[i], errs[i] = &User{Name: customer.Name, Visitor: v, Origin: public}, err
		})
	}
	all.Wait()
	return users, errors.Join(errs...)
}

// Customers are those who have an account page of their own.
func (w *World) Customers() []demo.User {
	return slices.DeleteFunc(slices.Clone(w.Users), func(u demo.User) bool { return u.Role != "customer" })
}

// Ask makes the user's POST of a JSON body ready, as the SPA would send it.
func (u *User) Ask(path string, body []byte) *Ask {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\n", path, strings.TrimPrefix(u.Origin, "http://"))
	b.WriteString("Accept: application/json\r\nContent-Type: application/json\r\nX-CSRF: 1\r\n")
	fmt.Fprintf(&b, "Origin: %s\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", u.Origin)
	b.WriteString("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n")
	if u.Token != "" {
		b.WriteString("Authorization: " + u.Token)
	} else {
		b.WriteString("Cookie: ")
		for i, c := range u.Visitor.Cookies() {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(c.Name + "=" + c.Value)
		}
	}
	fmt.Fprintf(&b, "\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return &Ask{User: u.Name, Wire: []byte(b.String())}
}
