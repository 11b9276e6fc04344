package provider

import (
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

const (
	signInOver   = "This sign-in is over or was begun too long ago. Go back to the application and sign in once more."
	wrongBrowser = "This sign-in was begun in another browser, or this one keeps no cookies."
	wrongLogin   = "That user name and password do not belong together. Each user's password is the user's name."
	wrongCode    = "That is not the code."
)

// begun finds the request that the form or page is of, in the browser that began it. A page of an attacker's request
// shown to somebody else would sign her in for the attacker.
func (p *Provider) begun(w http.ResponseWriter, r *http.Request) *authRequest {
	request := p.change(r.FormValue("id"), func(*authRequest) {})
	if request == nil || request.done || p.now().Sub(request.created) > requestLife {
		p.failPage(w, r, http.StatusBadRequest, signInOver)
		return nil
	}
	if cookie, err := r.Cookie(p.browserCookie()); err != nil || cookie.Value != request.browser {
		p.failPage(w, r, http.StatusBadRequest, wrongBrowser)
		return nil
	}
	return request
}

// loginPage answers GET /login.
func (p *Provider) loginPage(w http.ResponseWriter, r *http.Request) {
	if request := p.begun(w, r); request != nil {
		p.showLogin(w, r, http.StatusOK, request, request.asked.LoginHint, "")
	}
}

// login answers POST /login: the password.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	request := p.begun(w, r)
	if request == nil {
		return
	}
	user, ok := p.byName(r.PostFormValue("username"), r.PostFormValue("password"))
	if !ok {
		p.showLogin(w, r, http.StatusUnprocessableEntity, request, r.PostFormValue("username"), wrongLogin)
		return
	}
	p.proven(w, r, request, user)
}

// loginAs answers POST /login/as: one click in place of the password that the page says anyway.
func (p *Provider) loginAs(w http.ResponseWriter, r *http.Request) {
	request := p.begun(w, r)
	if request == nil {
		return
	}
	user, ok := p.bySubject(r.PostFormValue("as"))
	if !ok {
		p.showLogin(w, r, http.StatusUnprocessableEntity, request, "", wrongLogin)
		return
	}
	p.proven(w, r, request, user)
}

// proven goes on after the password: to the second factor or to the end.
func (p *Provider) proven(w http.ResponseWriter, r *http.Request, request *authRequest, user User) {
	if request.wantsMFA() {
		p.change(request.id, func(a *authRequest) { a.proven = user.Subject })
		http.Redirect(w, r, p.clients[request.client].LoginURL(request.id), http.StatusSeeOther)
		return
	}
	p.finish(w, r, request, p.signedIn(w, r, user.Subject, ACRPassword, []string{"pwd"}))
}

// loginCode answers POST /login/code: the second factor.
func (p *Provider) loginCode(w http.ResponseWriter, r *http.Request) {
	request := p.begun(w, r)
	if request == nil {
		return
	}
	if request.proven == "" {
		p.failPage(w, r, http.StatusBadRequest, signInOver)
		return
	}
	if r.PostFormValue("code") != Code {
		p.showLogin(w, r, http.StatusUnprocessableEntity, request, "", wrongCode)
		return
	}
	p.finish(w, r, request, p.signedIn(w, r, request.proven, ACRMultiFactor, []string{"pwd", "otp", "mfa"}))
}

// loginRefuse answers POST /login/refuse.
func (p *Provider) loginRefuse(w http.ResponseWriter, r *http.Request) {
	request := p.begun(w, r)
	if request == nil {
		return
	}
	p.drop(request.id)
	p.answerError(w, r, &request.asked, oidc.ErrAccessDenied().WithDescription("the user refused"))
}

// showLogin shows the step that the request waits for.
func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request, status int, request *authRequest, name, fault string) {
	data := loginData{ID: request.id, Client: request.client, Users: p.users, Name: name, Fault: fault, Code: Code}
	page := "login"
	if user, ok := p.bySubject(request.proven); ok {
		page, data.As = "code", user
	}
	p.show(w, r, status, page, data, origin(request.asked.RedirectURI))
}
