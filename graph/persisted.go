package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/auth"
)

// Modes of [Persisted]: which documents run.
const (
	// PersistedOff runs any document: the default.
	PersistedOff = "off"
	// PersistedLog runs any document, and logs what PersistedOnly would refuse.
	PersistedLog = "log"
	// PersistedOnly runs trusted documents alone.
	PersistedOnly = "only"
)

// Persisted configures the documents that clients may name by an id.
type Persisted struct {
	// Mode is PersistedOff, PersistedLog or PersistedOnly.
	Mode string
	// Manifests are the trusted documents: JSON of an object of documents by id, or Apollo's persisted query manifest. An id
	// that is a SHA-256 must be that of its document.
	Manifests []Manifest
	// Automatic keeps any document that may run under its SHA-256 (automatic persisted queries), for as long as there is room. It
	// does not decide which documents may run.
	Automatic bool
}

// Manifest is a file of trusted documents.
type Manifest struct {
	Name    string
	Content []byte
}

// keptAutomatic bounds the texts kept for automatic persisted queries, in bytes.
const keptAutomatic = 2 << 20

// persisted knows documents by id.
type persisted struct {
	Persisted
	// texts are the trusted documents by id, and trusted has each of them by its text.
	texts   map[string]string
	trusted map[string]bool

	mu   sync.Mutex // guards kept
	kept halves[string]
}

// newPersisted reads the manifests, and pins their documents. A document that is not valid, or asks for more than the limits allow, is
// a fault: the manifest is of another schema.
func newPersisted(cfg Persisted, documents *documents) (*persisted, error) {
	p := &persisted{Persisted: cfg, texts: map[string]string{}, trusted: map[string]bool{}, kept: newHalves[string](keptAutomatic / 2)}
	switch cfg.Mode {
	case "", PersistedOff, PersistedLog, PersistedOnly:
	default:
		return nil, fmt.Errorf("graph: persisted documents: no mode %q", cfg.Mode)
	}
	var faults []error
	for _, manifest := range cfg.Manifests {
		texts, err := readManifest(manifest.Content)
		if err != nil {
			faults = append(faults, fmt.Errorf("graph: %s: %w", manifest.Name, err))
		}
		for _, id := range slices.Sorted(maps.Keys(texts)) {
			text := texts[id]
			id = strings.ToLower(strings.TrimPrefix(id, "sha256:"))
			if isHash(id) && id != hashOf(text) {
				faults = append(faults, fmt.Errorf("graph: %s: the document %s is not the one with that SHA-256", manifest.Name, id))
				continue
			}
			known, invalid := documents.find(text)
			if len(invalid) > 0 {
				faults = append(faults, fmt.Errorf("graph: %s: the document %s: %w", manifest.Name, id, invalid))
				continue
			}
			documents.pinned[text] = known
			p.texts[id], p.texts[hashOf(text)], p.trusted[text] = text, text, true
		}
	}
	if cfg.Mode == PersistedOnly && len(p.texts) == 0 {
		faults = append(faults, errors.New("graph: only trusted documents are to run, and there are none"))
	}
	return p, errors.Join(faults...)
}

var errManifest = errors.New("want a JSON object of documents by id, or a persisted query manifest")

func readManifest(content []byte) (map[string]string, error) {
	var manifest struct {
		Format     string
		Operations []struct{ ID, Body string }
	}
	texts := map[string]string{}
	if err := json.Unmarshal(content, &manifest); err == nil && manifest.Format == "apollo-persisted-query-manifest" {
		for _, o := range manifest.Operations {
			texts[o.ID] = o.Body
		}
		return texts, nil
	}
	if err := json.Unmarshal(content, &texts); err != nil {
		return nil, errManifest
	}
	return texts, nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func isHash(id string) bool {
	_, err := hex.DecodeString(id)
	return err == nil && len(id) == 2*sha256.Size
}

var (
	errNotFoundByID = refused(&gqlerror.Error{Message: "There is no document with this id.", Extensions: map[string]any{"code": codeNotFoundByID}})
	errNotTrusted   = refused(&gqlerror.Error{Message: "Only trusted documents run here; send the id of one.", Extensions: map[string]any{"code": codeNotAllowed}})
	errOtherHash    = notWellFormed("The sha256Hash is not that of the query.")
)

// resolve finds the document that a request names, and refuses one that is not trusted where only those run. The text of a
// trusted document is as good as its id.
func (h *handler) resolve(ctx context.Context, asked *request) error {
	p := h.persisted
	if asked.registers && asked.id != hashOf(asked.Query) {
		return errOtherHash
	}
	if asked.Query == "" {
		asked.Query = p.text(asked.id)
		if asked.Query == "" {
			return errNotFoundByID
		}
	}
	if p.Mode == "" || p.Mode == PersistedOff || p.trusted[asked.Query] {
		return nil
	}
	h.meter.exceeded(ctx, "persisted", p.Mode == PersistedOnly)
	if p.Mode == PersistedOnly {
		return errNotTrusted
	}
	h.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "a document is not trusted, and is not refused",
		slog.String("sha256", hashOf(asked.Query)), slog.String("request_id", h.cfg.RequestID(ctx)))
	return nil
}

// text gives the document with that id, trusted or kept automatically.
func (p *persisted) text(id string) string {
	if text := p.texts[id]; text != "" || !p.Automatic {
		return text
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text, _, _ := p.kept.get(id)
	return text
}

// register keeps the document of a request that wants it kept. admit has decided that it may run.
func (h *handler) register(asked *request) {
	p := h.persisted
	if !asked.registers || !p.Automatic {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept.put(asked.id, asked.Query, len(asked.Query))
}

// keepable lets the browser keep the answer to a GET that names its document, where nobody is signed in, and answers 304 if the
// browser has it already (RFC 9110 §13.1.2), which it reports. The browser must ask each time, so that what it keeps is never shown to
// somebody who has signed in meanwhile (CACHE-1).
func keepable(w http.ResponseWriter, r *http.Request, media string, result *graphql.Response) bool {
	if r.Method == http.MethodPost || len(result.Errors) > 0 || len(result.Extensions) > 0 || auth.FromContext(r.Context()) != nil || auth.DeadCookie(r.Context()) {
		return false
	}
	header := w.Header()
	sum := sha256.Sum256(append([]byte(media), result.Data...))
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Etag", tag)
	header.Add("Vary", "Cookie")
	for candidate := range strings.SplitSeq(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == tag {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}
