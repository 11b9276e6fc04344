package spa

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
)

//go:embed dist
var appFiles embed.FS

// Config says what NewHandler serves; the zero value serves the embedded bundle.
type Config struct {
	// Dir is a directory with a team's own bundle, which replaces the embedded
	// one. It must contain index.html. Files are read anew for each request and
	// cannot lie outside of it, by symbolic links either.
	Dir string
	// HashedDirs are the directories, relative to the bundle, whose files carry
	// a hash of their content in their name and are cached for a year. Default:
	// "assets", where Vite puts them.
	HashedDirs []string
	// CSP replaces the Content-Security-Policy of the bundle's files; empty means
	// [DefaultCSP].
	CSP string
	// Logger is told of files that exist but cannot be read. Default: discards.
	Logger *slog.Logger
}

// reserved are the first path segments that belong to other routes of the
// gateway: what those routes do not answer is not there, and never the app.
var reserved = []string{"api", "auth", "graphql", "playground"}

// handler serves one bundle; it is immutable after construction.
type handler struct {
	files   source
	mount   string // prefix of the request's path, "" or "/playground"
	hashed  []string
	csp     string
	refuse  *refusals
	onlyTop bool // no client-side routes: only the mount itself answers index.html
	log     *slog.Logger
}

// NewHandler returns the handler of the app's files, for mounting at "/". It
// reports a directory that is not there or holds no index.html, and a policy that
// no header can carry.
func NewHandler(cfg Config) (http.Handler, error) {
	h := &handler{hashed: cfg.HashedDirs, csp: cfg.CSP, refuse: newRefusals(), log: cfg.Logger}
	if h.hashed == nil {
		h.hashed = []string{"assets"}
	}
	if h.csp == "" {
		h.csp = DefaultCSP
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	var faults []error
	if strings.ContainsFunc(h.csp, func(r rune) bool { return r < ' ' || r > '~' }) {
		faults = append(faults, errors.New("spa: content security policy: must be one line of ASCII"))
	}
	for _, dir := range h.hashed {
		if !fs.ValidPath(dir) || dir == "." {
			faults = append(faults, fmt.Errorf("spa: hashed directory %q: must be a relative path such as \"assets\"", dir))
		}
	}
	if cfg.Dir == "" {
		h.files = load(appFiles, "dist")
	} else if root, err := os.OpenRoot(cfg.Dir); err != nil {
		faults = append(faults, fmt.Errorf("spa: bundle: %w", err))
	} else {
		h.files = directory{root}
		if _, err := h.files.open("index.html", ""); err != nil {
			faults = append(faults, fmt.Errorf("spa: bundle %s: %w", cfg.Dir, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return h, nil
}

// ServeHTTP answers GET and HEAD for the bundle's files and, for navigations to
// paths of the app, with index.html.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header(), h.csp)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.refuse.write(w, r, http.StatusMethodNotAllowed)
		return
	}
	name, ok := strings.CutPrefix(r.URL.EscapedPath(), h.mount)
	if !ok || (name != "" && name[0] != '/') {
		h.refuse.write(w, r, http.StatusNotFound)
		return
	}
	name, ok = clean(name)
	if !ok {
		h.refuse.write(w, r, http.StatusNotFound)
		return
	}
	if name == "" {
		// A team's own bundle may be in the middle of being replaced.
		if !h.serveFile(w, r, "index.html") {
			h.refuse.write(w, r, http.StatusNotFound)
		}
		return
	}
	if servable(name) && h.serveFile(w, r, name) {
		return
	}
	// From here on the answer depends on more than the path.
	w.Header().Set("Vary", "Accept, Accept-Encoding, Sec-Fetch-Dest")
	if !h.onlyTop && routable(name, h.hashed) && isNavigation(r) && h.serveFile(w, r, "index.html") {
		return
	}
	h.refuse.write(w, r, http.StatusNotFound)
}

// serveFile answers with a file of the bundle in the best encoding that the
// client accepts. It reports false, with nothing written, when there is no such
// file or none that the client accepts.
func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	var file *asset
	for _, encoding := range acceptable(r.Header.Values("Accept-Encoding")) {
		found, err := h.files.open(name, encoding)
		if err == nil {
			file = found
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			h.log.WarnContext(r.Context(), "a file of the app cannot be read", "file", name, "error", err)
		}
	}
	if file == nil {
		return false
	}
	defer file.close()

	header := w.Header()
	if header.Get("Vary") == "" {
		header.Set("Vary", "Accept-Encoding")
	}
	header.Set("Content-Type", contentType(name))
	header.Set("ETag", file.etag)
	header.Set("Cache-Control", h.cacheControl(name))
	if file.encoding != "" {
		header.Set("Content-Encoding", file.encoding)
		// ServeContent leaves the length to whoever compresses; here it is known.
		header.Set("Content-Length", fmt.Sprint(file.size))
		r = onlyIfNoneMatch(r)
	}
	// No modification time: embedded files have none, and the entity tag is exact.
	http.ServeContent(w, r, "", noTime, file.content)
	return true
}

// onlyIfNoneMatch drops the ranges and the preconditions other than
// If-None-Match: a range of a compressed file is of no use to anyone.
func onlyIfNoneMatch(r *http.Request) *http.Request {
	plain := &http.Request{Method: r.Method, Header: http.Header{}}
	if match := r.Header.Values("If-None-Match"); len(match) > 0 {
		plain.Header["If-None-Match"] = match
	}
	return plain.WithContext(r.Context())
}

// cacheControl lets hashed files be kept for a year, since their name changes
// with their content, and has all others asked for anew each time (CACHE-6).
func (h *handler) cacheControl(name string) string {
	if inside(name, h.hashed) {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// contentType goes by our own table, since the system's differs by machine.
func contentType(name string) string {
	if t, ok := contentTypes[path.Ext(name)]; ok {
		return t
	}
	return "application/octet-stream"
}

var contentTypes = map[string]string{
	".avif":        "image/avif",
	".css":         "text/css; charset=utf-8",
	".gif":         "image/gif",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".mp4":         "video/mp4",
	".otf":         "font/otf",
	".pdf":         "application/pdf",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".ttf":         "font/ttf",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webm":        "video/webm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "application/xml",
}

// asset is one representation of a file, to be closed after use.
type asset struct {
	content  io.ReadSeeker
	size     int64
	encoding string // "", "br" or "gzip"
	etag     string // strong, and different for each encoding
}

func (a *asset) close() {
	if c, ok := a.content.(io.Closer); ok {
		_ = c.Close() // Opened for reading: nothing can be lost.
	}
}

func inMemory(content []byte, encoding, etag string) *asset {
	return &asset{content: bytes.NewReader(content), size: int64(len(content)), encoding: encoding, etag: etag}
}
