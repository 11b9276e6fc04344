package auth

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vestibule.example/auth/rp"
)

// body is the part of a session that the browser's cookie opens. It is stored in a form of its own, see encodeBody.
type body struct {
	Issuer, Subject, SID string
	ACR                  string
	AMR, Scopes          []string
	AuthTime, IssuedAt   time.Time
	Nonce                string
	Claims               map[string]any
	Handle               string
	Created              time.Time
	Grant                string // names the login's token family
	IDToken, LogoutHint  string
	RefreshToken         string
	Tokens               map[string]token
}

// token is an access token for one API, or for several that ask for the same one.
type token struct {
	Value   string
	Expires time.Time
	// Issued is when we got it: when to refresh is decided by the share of its life that is left.
	Issued time.Time
}

// previous is what a refreshed ID token must fit.
func (b *body) previous() *rp.IDClaims {
	return &rp.IDClaims{Issuer: b.Issuer, Subject: b.Subject, AuthTime: b.AuthTime, IssuedAt: b.IssuedAt, Raw: map[string]any{"nonce": b.Nonce}}
}

// copyBody makes a body that may be changed. Bodies in sessions and caches are shared, and never change.
func copyBody(b *body) *body {
	c := *b
	c.Tokens = make(map[string]token, len(b.Tokens))
	for key, t := range b.Tokens {
		c.Tokens[key] = t
	}
	return &c
}

// bodyVersion is the first byte of a stored body. A body of another version does not open.
const bodyVersion = 2

// encodeBody writes a body as texts with their lengths in front, and JWTs without their base64. That takes half the memory of JSON and
// a fraction of its time, which every request pays whose session is not in the cache.
func encodeBody(b *body) ([]byte, error) {
	claims, err := json.Marshal(b.Claims)
	if err != nil {
		return nil, fmt.Errorf("auth: record: %w", err)
	}
	e := encoder{bodyVersion}
	for _, text := range b.texts() {
		e.text(*text)
	}
	e.text(strings.Join(b.AMR, " "))
	e.text(strings.Join(b.Scopes, " "))
	e.text(string(claims))
	for _, at := range b.times() {
		e.time(*at)
	}
	e.token(b.IDToken)
	e.token(b.RefreshToken)
	e = binary.AppendUvarint(e, uint64(len(b.Tokens)))
	for key, t := range b.Tokens {
		e.text(key)
		e.token(t.Value)
		e.time(t.Expires)
		e.time(t.Issued)
	}
	return e, nil
}

func decodeBody(stored []byte) (*body, error) {
	if len(stored) == 0 || stored[0] != bodyVersion {
		return nil, errCorrupt
	}
	d := &decoder{rest: stored[1:]}
	b := &body{Tokens: map[string]token{}}
	for _, text := range b.texts() {
		*text = d.text()
	}
	b.AMR, b.Scopes = strings.Fields(d.text()), strings.Fields(d.text())
	claims := d.text()
	for _, at := range b.times() {
		*at = d.time()
	}
	b.IDToken, b.RefreshToken = d.token(), d.token()
	for range d.count() {
		key := d.text()
		b.Tokens[key] = token{Value: d.token(), Expires: d.time(), Issued: d.time()}
	}
	if d.failed || len(d.rest) > 0 || json.Unmarshal([]byte(claims), &b.Claims) != nil {
		return nil, errCorrupt
	}
	return b, nil
}

// texts and times are the fields in the order in which they are stored.
func (b *body) texts() []*string {
	return []*string{&b.Issuer, &b.Subject, &b.SID, &b.ACR, &b.Nonce, &b.Handle, &b.Grant, &b.LogoutHint}
}

func (b *body) times() []*time.Time { return []*time.Time{&b.AuthTime, &b.IssuedAt, &b.Created} }

type encoder []byte

func (e *encoder) text(s string) {
	*e = append(binary.AppendUvarint(*e, uint64(len(s))), s...)
}

// time keeps nanoseconds since 1970; the zero time is 0, which no token has.
func (e *encoder) time(t time.Time) {
	var nanos int64
	if !t.IsZero() {
		nanos = t.UnixNano()
	}
	*e = binary.AppendVarint(*e, nanos)
}

// token keeps a JWT as the number and the bytes of its parts, and anything else, number 0, as it is.
func (e *encoder) token(s string) {
	parts := strings.Split(s, ".")
	var decoded [][]byte
	for _, part := range parts {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") {
			decoded = nil
			break
		}
		decoded = append(decoded, raw)
	}
	*e = binary.AppendUvarint(*e, uint64(len(decoded)))
	if decoded == nil {
		e.text(s)
		return
	}
	for _, raw := range decoded {
		*e = append(binary.AppendUvarint(*e, uint64(len(raw))), raw...)
	}
}

type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) count() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(len(d.rest)) {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) bytes() []byte {
	n := d.count()
	if n > uint64(len(d.rest)) {
		d.failed, d.rest = true, nil
		return nil
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

func (d *decoder) text() string { return string(d.bytes()) }

func (d *decoder) time() time.Time {
	nanos, size := binary.Varint(d.rest)
	if size <= 0 {
		d.failed, d.rest = true, nil
		return time.Time{}
	}
	d.rest = d.rest[size:]
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

func (d *decoder) token() string {
	parts := d.count()
	if parts == 0 {
		return d.text()
	}
	ahead := *d
	size := int(parts) - 1
	for range parts {
		size += base64.RawURLEncoding.EncodedLen(len(ahead.bytes()))
	}
	out := make([]byte, 0, max(size, 0))
	for i := range parts {
		if i > 0 {
			out = append(out, '.')
		}
		out = base64.RawURLEncoding.AppendEncode(out, d.bytes())
	}
	return string(out)
}
