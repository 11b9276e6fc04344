package spa

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxItems bounds how much of a header that the client wrote is looked at; a
// browser sends five or fewer.
const maxItems = 32

// item is one choice of an Accept header and how much the client wants it.
type item struct {
	name string
	q    float64
}

// weighted reads a list of choices with q-values (RFC 9110 §12.4.2). A weight
// that is none counts as 0: better to send the plain file than a form that the
// client cannot read.
func weighted(values []string) []item {
	var items []item
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, parameters, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		if len(items) == maxItems {
			break
		}
		items = append(items, item{name: name, q: weight(parameters)})
	}
	return items
}

func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		key, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) { // NaN too
			return 0
		}
		return q
	}
	return 1
}

// acceptable gives the encodings to try, best first (RFC 9110 §12.5.3): those the
// client weighs most; of equals the smaller one first. The plain file ("") is
// always last, even if refused: bytes it can read beat a 406 it cannot.
func acceptable(values []string) []string {
	q := map[string]float64{}
	rest := 0.0
	for _, item := range weighted(values) {
		if item.name == "*" {
			rest = item.q
			continue
		}
		q[item.name] = item.q
	}
	of := func(name string) float64 {
		if given, ok := q[name]; ok {
			return given
		}
		return rest
	}
	gz := of("gzip")
	if x, ok := q["x-gzip"]; ok { // An older name of the same (RFC 9110 §8.4.1.3).
		gz = max(gz, x)
	}
	identity, stated := q["identity"]
	choices := []item{{"br", of("br")}, {"gzip", gz}}
	slices.SortStableFunc(choices, func(a, b item) int { return cmp.Compare(b.q, a.q) })
	var encodings []string
	for _, choice := range choices {
		if choice.q > 0 && (!stated || choice.q >= identity) {
			encodings = append(encodings, choice.name)
		}
	}
	return append(encodings, "")
}
