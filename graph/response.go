package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Values of [Config.StatusProfile]: which status codes answers have.
const (
	// ProfileAudits is what the audits of the graphql-http package want, and older clients know: the default.
	ProfileAudits = "audits"
	// ProfileDraft is what the newest working draft of GraphQL over HTTP says: 422 and 294.
	ProfileDraft = "draft"
)

// statusPartial is the status of an answer with data and errors (GraphQL over HTTP, working draft, Status Codes).
const statusPartial = 294

// maxFaults bounds the errors that are shown of one document.
const maxFaults = 10

// maxMessage bounds what is shown of a message of the parser or the validator, in bytes.
const maxMessage = 500

// headOf is an answer's JSON up to its data: errors and extensions come first.
func headOf(result *graphql.Response) []byte {
	if len(result.Errors)+len(result.Extensions) == 0 {
		return head
	}
	var more bytes.Buffer
	encoder := json.NewEncoder(&more)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(response{Errors: result.Errors, Extensions: result.Extensions}); err != nil {
		panic(fmt.Errorf("graph: errors or extensions that are no JSON: %w", err))
	}
	return append(bytes.TrimSuffix(more.Bytes(), tail), `,"data":`...)
}

// answer writes the answer of an operation. Its data is JSON already, and is not parsed again.
func (h *handler) answer(w http.ResponseWriter, media string, result *graphql.Response) {
	data := []byte(result.Data)
	if data == nil {
		data = null
	}
	status := http.StatusOK
	if len(result.Errors) > 0 && h.cfg.StatusProfile == ProfileDraft {
		status = statusPartial
	}
	head := headOf(result)
	w.Header()["Content-Type"] = contentTypes[media]
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(data)+len(tail))) // Without it longer answers are sent in chunks.
	w.WriteHeader(status)
	for _, part := range [...][]byte{head, data, tail} {
		w.Write(part) //nolint:errcheck // The reader is gone; there is nobody to tell.
	}
}

// What is written around an answer's data, and in its place.
var (
	head = []byte(`{"data":`)
	tail = []byte("}\n")
	null = []byte("null")
)

// Values of headers, which all answers share.
var (
	noStore      = []string{"no-store"}
	varyAccept   = []string{"Accept"}
	contentTypes = map[string][]string{mediaJSON: {mediaJSON + "; charset=utf-8"}, mediaResponse: {mediaResponse + "; charset=utf-8"}}
)

// response is a GraphQL response without data.
type response struct {
	Errors     gqlerror.List  `json:"errors,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

// write sends a response without data.
func (h *handler) write(w http.ResponseWriter, media string, status int, body response) {
	w.Header()["Content-Type"] = contentTypes[media]
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(body) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

// refuse answers what is not run: a request that is not well-formed or not permitted, whose status is the same for both media
// types, or one whose document is refused.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, media string, err error) {
	var document *documentError
	if errors.As(err, &document) {
		h.refuseDocument(r.Context(), w, media, document.faults)
		return
	}
	refused := asRefusal(err)
	h.meter.refused(r.Context(), refused.code)
	if media == mediaEvents {
		media = mediaJSON // There is no stream to tell it in.
	}
	status := refused.status
	if errors.Is(err, errNotWellFormed) && h.cfg.StatusProfile == ProfileDraft {
		status = http.StatusUnprocessableEntity
	}
	if refused.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(refused.retryAfter/time.Second)))
	}
	h.write(w, media, status, response{Errors: gqlerror.List{h.told(refused)}})
}

// told is a refusal as clients read it.
func (h *handler) told(refused *requestError) *gqlerror.Error {
	extensions := map[string]any{"code": refused.code}
	if refused.code == codeUnauthenticated {
		extensions["loginUrl"] = h.cfg.LoginURL
	}
	if refused.retryAfter > 0 {
		extensions["retryAfter"] = int(refused.retryAfter / time.Second)
	}
	return &gqlerror.Error{Message: refused.message, Extensions: extensions}
}

// refuseDocument answers a well-formed request whose document is refused.
func (h *handler) refuseDocument(ctx context.Context, w http.ResponseWriter, media string, faults gqlerror.List) {
	h.countRefused(ctx, faults)
	status := h.documentStatus(media, faults)
	shown := h.shown(faults)
	if media == mediaEvents {
		h.answerOnce(w, &graphql.Response{Errors: shown})
		return
	}
	h.write(w, media, status, response{Errors: shown})
}

// asRefusal is the refusal that an error is or wraps; an internal error if it is none.
func asRefusal(err error) *requestError {
	refused := &requestError{status: http.StatusInternalServerError, code: codeInternal, message: messages[codeInternal]}
	errors.As(err, &refused)
	return refused
}

// countRefused counts a document that is not run.
func (h *handler) countRefused(ctx context.Context, faults gqlerror.List) {
	if limit, ok := faults[0].Extensions["limit"].(map[string]any); ok {
		h.meter.exceeded(ctx, limit["name"].(string), true) //nolint:forcetypeassert // Written so by excess.refusal.
	}
	code, _ := faults[0].Extensions["code"].(string)
	h.meter.refused(ctx, code)
}

// shown are a document's faults as clients see them.
func (h *handler) shown(faults gqlerror.List) gqlerror.List {
	faults = faults[:min(len(faults), maxFaults)]
	shown := make(gqlerror.List, len(faults))
	for i, fault := range faults {
		shown[i] = h.public(fault)
	}
	return shown
}

// documentStatus is the status of a refused document. Clients that accept only application/json expect 200 for it, as ever
// (graphql-http's audits); the newer type says 400, and the newest draft 422 for what parses, in both.
func (h *handler) documentStatus(media string, faults gqlerror.List) int {
	switch {
	case h.cfg.StatusProfile == ProfileDraft && faults[0].Extensions["code"] != codeParseFailed:
		return http.StatusUnprocessableEntity
	case h.cfg.StatusProfile == ProfileDraft, media == mediaResponse:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// public is a fault as clients see it. The words of the parser and the validator repeat what was sent and name what the schema
// has, so only developers read them; others learn what is wrong and where.
func (h *handler) public(fault *gqlerror.Error) *gqlerror.Error {
	shown := &gqlerror.Error{Message: fault.Message, Locations: fault.Locations, Extensions: fault.Extensions}
	code := fault.Extensions["code"]
	switch {
	case code != codeParseFailed && code != codeValidationFailed:
	case h.cfg.Development:
		if len(shown.Message) > maxMessage {
			shown.Message = strings.ToValidUTF8(shown.Message[:maxMessage], "") + "…"
		}
	case code == codeParseFailed:
		shown.Message = "The document does not parse."
	case fault.Rule != "":
		shown.Message = "The document is not valid (" + fault.Rule + ")."
	default:
		shown.Message = "The document is not valid, or its variables do not fit."
	}
	return shown
}
