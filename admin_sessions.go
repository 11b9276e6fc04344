package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"vestibule.example/auth"
)

// operatorHeader proves that a request of the operators' listener comes from a program: no web page can send it without a
// preflight, which nobody answers here.
const operatorHeader = "Vestibule-Operator"

// operatorSessions handles "GET /sessions?sub=&issuer=", a user's sessions, and "DELETE /sessions?sub=&issuer=&id=", which
// ends all of them, or the one with the id. Only a program on the gateway's own machine or container is taken for an operator: a
// listener that is open to probes and monitoring shows them no sessions.
func operatorSessions(service *auth.Service, log *slog.Logger) http.Handler {
	return programsOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		subject, issuer, id := query.Get("sub"), query.Get("issuer"), query.Get("id")
		if subject == "" {
			problem(w, r, http.StatusBadRequest, "bad-parameter", "A parameter is missing", "Say whose sessions: sub is the user's name at the provider.")
			return
		}
		var answer any
		if r.Method == http.MethodDelete {
			ended, err := service.EndUser(r.Context(), issuer, subject, id)
			if err != nil {
				refuseOperator(w, r, log, err)
				return
			}
			answer = endedSessions{ended}
		} else {
			sessions, err := service.ListUser(r.Context(), issuer, subject)
			if err != nil {
				refuseOperator(w, r, log, err)
				return
			}
			answer = listedSessions{sessions}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(answer) //nolint:errcheck // The reader is gone; there is nobody to tell.
	}))
}

type listedSessions struct {
	Sessions []auth.UserSession `json:"sessions"`
}

type endedSessions struct {
	Ended int `json:"ended"`
}

func refuseOperator(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	log.ErrorContext(r.Context(), "an operator's request could not be done", "error", err)
	w.Header().Set("Retry-After", "2")
	problem(w, r, http.StatusServiceUnavailable, "unavailable", "The session store is out of order", "Nothing more was changed. Try again in a moment.")
}

// programsOnly refuses what came from another machine, and what a web page could have caused: a page on the operator's own
// machine reaches loopback too.
func programsOnly(next http.Handler) http.Handler {
	return ownMachineOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(operatorHeader) != "1" {
			problem(w, r, http.StatusForbidden, "programs-only", "This is for programs", "Use `vestibule sessions`, or send "+operatorHeader+": 1 and no header of a web page.")
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// ownMachineOnly refuses what came from another machine, directly or through a proxy on this one, and what a browser marks as
// asked by a web page.
func ownMachineOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !sameMachine(r) || throughProxy(r) {
			problem(w, r, http.StatusForbidden, "same-machine-only", "This is for the gateway's own machine", "Ask on it, or in its container.")
			return
		}
		site := r.Header.Get("Sec-Fetch-Site")
		if r.Header.Get("Origin") != "" || site != "" && site != "none" {
			problem(w, r, http.StatusForbidden, "programs-only", "This is for programs", "Send no header of a web page.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameMachine tells whether both ends of the connection have the same address, as they do on loopback and when a machine calls
// its own address. A loopback address alone is not enough: a service mesh's proxy beside the gateway passes on the calls of
// other machines from 127.0.0.6.
func sameMachine(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	here, _ := netip.ParseAddrPort(local.String()) // On an error the address is not valid, and equals none that is.
	there, _ := netip.ParseAddrPort(r.RemoteAddr)
	return there.IsValid() && there.Addr().Unmap() == here.Addr().Unmap()
}
