package spa

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// devCSP admits what a development server adds to its pages: inline scripts and styles, code that is compiled in the
// browser, its own WebSocket. Everything still comes from this origin.
const devCSP = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// DevServer returns a handler that passes every request, WebSocket upgrades of its hot reload among them, to a development
// server such as Vite's, so that the app and the gateway share an origin while the app is written. It is for development
// on loopback: whoever wires it does so nowhere else. The server sees no cookie and no Authorization. Safe for concurrent
// use.
func DevServer(server *url.URL, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(server)
			r.Out.Header.Del("Cookie")
			r.Out.Header.Del("Authorization")
		},
		ModifyResponse: func(res *http.Response) error {
			res.Header.Del("Set-Cookie")
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			log.WarnContext(r.Context(), "spa: the development server does not answer", "server", server.String(), "error", err)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprintf(w, "The app's development server does not answer at %s (spa.dev_server).\nStart it with: npm run dev, in the app's folder.\n", server)
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header(), devCSP)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			io.WriteString(w, "The app's files are asked with GET.\n") //nolint:errcheck // The reader is gone; there is nobody to tell.
			return
		}
		proxy.ServeHTTP(w, r)
	})
}
