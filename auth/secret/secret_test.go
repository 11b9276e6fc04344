package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"vestibule.example/auth/secret"
)

const canary = "canary-7f3a9c"

type holder struct {
	Name  string
	Token secret.Text
	List  []secret.Text
	ByKey map[string]*secret.Text
}

// LOG-2
func TestNoVerbShowsASecret(t *testing.T) {
	text := secret.New(canary)
	values := map[string]any{
		"value": text, "pointer": &text,
		"struct": holder{"x", text, []secret.Text{text}, map[string]*secret.Text{"k": &text}},
		"error":  fmt.Errorf("wrapped: %w", errors.New(text.String())),
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%08.3f"} {
			out := fmt.Sprintf(verb, value)
			if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) {
				t.Errorf("Sprintf(%q, %s) = %q, want it redacted", verb, name, out)
			}
		}
	}
}

// LOG-2
func TestNoEncoderShowsASecret(t *testing.T) {
	h := holder{"x", secret.New(canary), []secret.Text{secret.New(canary)}, nil}
	asJSON, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "h", h, "t", h.Token, "p", &h.Token)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "h", h, "t", h.Token, "p", &h.Token)
	key, err := json.Marshal(map[secret.Text]int{h.Token: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"json": string(asJSON), "slog": log.String(), "map key": string(key)} {
		if strings.Contains(out, canary) {
			t.Errorf("%s shows the secret: %s", name, out)
		}
		if !strings.Contains(out, "[redacted]") {
			t.Errorf("%s = %s, want it to say that something is redacted", name, out)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b secret.Text
		want bool
	}{
		{"the same value is equal", secret.New("a"), secret.New("a"), true},
		{"another value is not", secret.New("a"), secret.New("b"), false},
		{"a prefix is not", secret.New("a"), secret.New("aa"), false},
		{"nothing proves nothing", secret.Text{}, secret.Text{}, false},
	} {
		if got := c.a.Equal(c.b); got != c.want {
			t.Errorf("%s: Equal = %v, want %v", c.name, got, c.want)
		}
	}
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("Reveal() = %q, want %q", got, canary)
	}
	if secret.New("").IsZero() != true || secret.New("a").IsZero() != false {
		t.Error("IsZero is wrong")
	}
}
