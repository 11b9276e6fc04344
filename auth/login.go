package auth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"vestibule.example/auth/rp"
)

// passedOn are the parameters of /auth/login that the provider gets to see (STEP-2). Config.AuthParams adds to them.
var passedOn = []string{"prompt", "login_hint", "acr_values", "max_age", "ui_locales", "domain_hint"}

// maxParameter bounds one parameter's value, in bytes.
const maxParameter = 256

var errParameter = errors.New("auth: a login parameter is not valid")

// Login handles "GET /auth/login": it begins a login and sends the browser to the provider. It is for navigation only: a
// fetch could not follow, and an image or a frame has no business here. A session that the browser has stays as it is until the
// login is done (CSRF-10).
//
// From a link on another site the browser comes without its Strict cookie, and the session that it has would be left behind
// when the login replaces the cookie. So it is sent here once more, by a page of ours.
func (s *Service) Login() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowMethod(w, r, http.MethodGet) {
			return
		}
		if !isDocument(r) || isPrefetch(r) {
			refuse(w, r, http.StatusBadRequest, problemNavigation)
			return
		}
		query := r.URL.Query()
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
			again := "/auth/login?" + query.Encode()
			writePage(w, http.StatusOK, page{Title: "Sign in", Text: "You are being taken to the sign-in.", Links: []link{{"Go on", again}}, GoOn: again})
			return
		}
		found, err := s.find(r)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		t := &transaction{
			Seed: encode(random(32)), Issuer: s.cfg.Provider.Issuer(), RedirectURI: s.cfg.Provider.RedirectURI(),
			Mode: s.cfg.Provider.ResponseMode(), ReturnTo: cleanReturnTo(query.Get("return_to")), Begun: s.now().Unix(),
		}
		t.Replaces = found.key
		params, err := s.loginParams(query, t)
		if err != nil {
			refuse(w, r, http.StatusBadRequest, problemParameter)
			return
		}
		address, err := s.cfg.Provider.AuthorizationURL(r.Context(), rp.AuthRequest{State: t.state(), Nonce: t.nonce(), Verifier: t.verifier(), Params: params})
		if err != nil {
			s.cfg.Logger.ErrorContext(r.Context(), "a login could not begin", "error", err)
			w.Header().Set("Retry-After", retryAfter)
			refuse(w, r, http.StatusServiceUnavailable, problemProvider)
			return
		}
		if err := s.begin(w, r, t); err != nil {
			s.cfg.Logger.ErrorContext(r.Context(), "a login could not begin", "error", err)
			refuse(w, r, http.StatusBadRequest, problemParameter)
			return
		}
		seeOther(w, address)
	})
}

// loginParams takes the parameters that are passed on, and notes in the transaction what the answer must fit.
func (s *Service) loginParams(query url.Values, t *transaction) (url.Values, error) {
	params := url.Values{}
	for _, name := range slices.Concat(passedOn, s.cfg.AuthParams) {
		values := query[name]
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if len(values) > 1 || len(values[0]) > maxParameter || strings.ContainsFunc(values[0], func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return nil, errParameter
		}
		params.Set(name, values[0])
	}
	if age := params.Get("max_age"); age != "" {
		most, err := strconv.ParseUint(age, 10, 31) // More would overflow a duration.
		if err != nil {
			return nil, errParameter
		}
		seconds := int(most)
		t.MaxAge = &seconds
	}
	if acr := params.Get("acr_values"); acr != "" {
		t.ACR = strings.Fields(acr)
	}
	switch prompt := params.Get("prompt"); prompt {
	case "", "login", "consent", "select_account", "create":
	case "none":
		t.Silent = true
	default:
		return nil, errParameter
	}
	return params, nil
}

// allowMethod answers 405 to other methods, HEAD among them: nothing here is worth a HEAD, and each would begin or end
// something.
func (s *Service) allowMethod(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	refuse(w, r, http.StatusMethodNotAllowed, problemMethod)
	return false
}

// seeOther redirects with 303, which never repeats a body or a method elsewhere (RFC 9700 §4.12).
func seeOther(w http.ResponseWriter, address string) {
	h := w.Header()
	noStore(h)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}
