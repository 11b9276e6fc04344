package spa

import (
	"embed"
	"log/slog"
	"net/http"
)

//go:embed dist-playground
var playgroundFiles embed.FS

// playgroundCSP admits what GraphiQL's editor needs beyond the app's policy:
// inline styles, a font inside its style sheet, and workers, all from this
// origin. It holds for /playground alone; the app's policy stays strict (WEB-9).
const playgroundCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// Playground returns the handler of GraphiQL, to be mounted at "/playground" and
// "/playground/". It is for development: whoever wires it does so nowhere else.
// Its files are ours, with no content delivery network, and its requests carry
// the CSRF header and the browser's own session. Safe for concurrent use.
func Playground() http.Handler {
	return &handler{
		files:   load(playgroundFiles, "dist-playground"),
		mount:   "/playground",
		hashed:  []string{"assets"},
		csp:     playgroundCSP,
		refuse:  newRefusals(),
		onlyTop: true,
		log:     slog.New(slog.DiscardHandler),
	}
}
