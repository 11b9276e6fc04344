package spa

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// directives are those of [DefaultCSP] in its order, and behind them others that a policy may have.
const directives = "default-src script-src style-src img-src font-src connect-src manifest-src base-uri form-action frame-ancestors object-src " +
	"require-trusted-types-for trusted-types media-src worker-src frame-src report-uri report-to"

// code are the directives that say what runs; what would let a stranger's text run has no place in them.
const code = "default-src script-src object-src base-uri worker-src"

// loose are the sources that anybody's text comes from.
const loose = "'unsafe-inline' 'unsafe-eval' 'unsafe-hashes' * http: https: data: blob: filesystem:"

// Policy is [DefaultCSP] with some of its directives changed: the sources by the directive's name, such as
// {"trusted-types": "vue"}. Without sources require-trusted-types-for and trusted-types are left out, for a bundle whose
// framework knows no Trusted Types. It reports every directive that does not exist, sources that are none, and what would
// let inline or anybody's scripts run.
func Policy(changes map[string]string) (string, error) {
	policy := map[string]string{}
	for directive := range strings.SplitSeq(DefaultCSP, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		policy[name] = sources
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		sources := strings.Join(strings.Fields(changes[name]), " ")
		if err := checkDirective(name, sources); err != nil {
			faults = append(faults, err)
		}
		policy[name] = sources
	}
	var out []string
	for name := range strings.FieldsSeq(directives) {
		if sources := policy[name]; sources != "" {
			out = append(out, name+" "+sources)
		}
	}
	return strings.Join(out, "; "), errors.Join(faults...)
}

func checkDirective(name, sources string) error {
	if !slices.Contains(strings.Fields(directives), name) {
		return fmt.Errorf("spa: there is no directive %q, or not for this", name)
	}
	if sources == "" {
		if strings.HasSuffix(name, "trusted-types") || name == "require-trusted-types-for" {
			return nil
		}
		return fmt.Errorf("spa: %s has no sources; 'none' forbids all", name)
	}
	for source := range strings.FieldsSeq(sources) {
		if strings.ContainsFunc(source, func(r rune) bool { return r <= ' ' || r > '~' || r == ';' || r == ',' }) {
			return fmt.Errorf("spa: %s: %q is no source", name, source)
		}
		if slices.Contains(strings.Fields(code), name) && slices.Contains(strings.Fields(loose), strings.ToLower(source)) {
			return fmt.Errorf("spa: %s: %s lets a stranger's script run", name, source)
		}
	}
	return nil
}
