package auth

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"net/http"
	"time"
)

// idBytes is the length of a session's id and of its key: 256 bits each (ASVS 7.2.3 asks for 128).
const idBytes = 32

// credential is what the cookie holds: the id that finds a session and the key that opens it.
type credential struct{ id, key []byte }

func newCredential() credential { return credential{random(idBytes), random(idBytes)} }

// storeKey names the session in the store; nothing in the store leads back to the id.
func (c credential) storeKey() string { return c.name("store key") }

// name derives one of the session's names, none of which leads to another. The id is random already, so HKDF's second step is
// enough (RFC 5869 §3.3).
func (c credential) name(purpose string) string {
	out, err := hkdf.Expand(sha256.New, c.id, "vestibule "+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are within HKDF's bound.
	}
	return encode(out)
}

// logID names the session in logs.
func (c credential) logID() string { return c.name("log id")[:16] }

// setCookie gives the browser a session.
func (s *Service) setCookie(w http.ResponseWriter, c credential) error {
	value, err := s.keys.sealing().cookies.Encode(s.cookie, append(append([]byte(nil), c.id...), c.key...))
	if err != nil {
		return err
	}
	http.SetCookie(w, s.sessionCookie(value))
	return nil
}

// clearCookie has the browser drop its cookie, which takes the attributes that the cookie was set with.
func (s *Service) clearCookie(w http.ResponseWriter) {
	c := s.sessionCookie("")
	c.MaxAge = -1
	http.SetCookie(w, c)
}

// sessionCookie has no Expires: it ends with the browser at the latest (CK-7), and with the session on the server.
func (s *Service) sessionCookie(value string) *http.Cookie {
	return &http.Cookie{Name: s.cookie, Value: value, Path: "/", Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// readCookies gives the credentials in the request. Cookies that do not open are ignored: a sibling domain may have
// planted them, or a replica with a newer key may have sealed them.
func (s *Service) readCookies(r *http.Request) []credential {
	var found []credential
	for _, cookie := range r.CookiesNamed(s.cookie) {
		for _, key := range s.keys.all() {
			var plain []byte
			if err := key.cookies.Decode(s.cookie, cookie.Value, &plain); err != nil || len(plain) != 2*idBytes {
				continue
			}
			found = append(found, credential{plain[:idBytes], plain[idBytes:]})
			break
		}
	}
	return found
}

// replacedLife is how long a cookie that a sign-in replaced is left alone. By then the new one has surely arrived.
const replacedLife = time.Minute

// noteReplaced notes that a sign-in is replacing a session's cookie by another.
func (s *Service) noteReplaced(ctx context.Context, key string) error {
	_, _, err := s.cfg.Store.Lease(ctx, "replaced:"+key, replacedLife)
	return err
}

// mayClear tells whether a dead session's cookie may be taken away. Not when a sign-in has just replaced it: another tab's
// answer, under way with the old cookie, would take away the new one, which has the same name.
func (s *Service) mayClear(ctx context.Context, found lookup) bool {
	return found.key != "" && !s.replacedLately(ctx, found.key)
}

// replacedLately tells whether a sign-in has just replaced a session; true also if that cannot be found out.
func (s *Service) replacedLately(ctx context.Context, key string) bool {
	release, ok, err := s.cfg.Store.Lease(ctx, "replaced:"+key, time.Second)
	if err != nil || !ok {
		return true
	}
	release()
	return false
}

// transactionLife is how long a login may take.
const transactionLife = 10 * time.Minute

// ticketKey seals what a logout ticket stands for.
func (c credential) ticketKey() (cipher.AEAD, error) {
	key, err := derive(c.id, "ticket key", 32)
	if err != nil {
		return nil, err
	}
	return newAEAD(key)
}
