package clients

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxACRs     = 10
	maxACRBytes = 256
)

// stepUp reads an RFC 9470 §3 challenge; nil when no Bearer challenge asks for another authentication.
func stepUp(h http.Header) *StepUp {
	for _, params := range bearerChallenges(h.Values("WWW-Authenticate")) {
		if params["error"] != "insufficient_user_authentication" {
			continue
		}
		s := &StepUp{}
		for _, acr := range strings.Fields(params["acr_values"]) {
			if len(s.ACR) < maxACRs && len(acr) <= maxACRBytes && isVisible(acr) {
				s.ACR = append(s.ACR, acr)
			}
		}
		if seconds, err := strconv.ParseUint(params["max_age"], 10, 31); err == nil {
			age := time.Duration(seconds) * time.Second
			s.MaxAge = &age
		}
		return s
	}
	return nil
}

// bearerChallenges gives the parameters of each Bearer challenge (RFC 9110 §11.6.1, whose list of challenges and lists of
// parameters share one separator). What cannot be read is passed over.
func bearerChallenges(values []string) []map[string]string {
	var found []map[string]string
	for _, v := range values {
		var params map[string]string // of the challenge being read; nil when it is not Bearer's
		for v = strings.TrimLeft(v, " \t,"); v != ""; v = strings.TrimLeft(v, " \t,") {
			name, rest := cutToken(v)
			if name == "" {
				break
			}
			after := strings.TrimLeft(rest, " \t")
			if !strings.HasPrefix(after, "=") { // a scheme: no parameter begins so
				params = nil
				if strings.EqualFold(name, "Bearer") {
					params = map[string]string{}
					found = append(found, params)
				}
				v = after
				continue
			}
			value, rest, ok := cutValue(strings.TrimLeft(after[1:], " \t"))
			if !ok {
				// An open quote hides the rest; anything else, such as a token68, ends at the next comma.
				_, v, _ = strings.Cut(strings.TrimLeft(after[1:], `"`), ",")
				continue
			}
			if params != nil {
				params[strings.ToLower(name)] = value
			}
			v = rest
		}
	}
	return found
}

func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && isToken(s[n:n+1]) {
		n++
	}
	return s[:n], s[n:]
}

// cutValue reads a token or a quoted string.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
