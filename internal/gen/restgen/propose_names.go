package restgen

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	identifier = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	graphqlOK  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	version    = regexp.MustCompile(`^(v\d+|api|rest)$`)
)

// camel is a name as the schema writes fields; empty if it has none there.
func camel(name string) string {
	text := goName(name)
	if strings.ToUpper(text) == text { // ID, URL, SKU
		text = strings.ToLower(text)
	} else if text != "" {
		runes := []rune(text)
		runes[0] = unicode.ToLower(runes[0])
		text = string(runes)
	}
	if !graphqlOK.MatchString(text) {
		return ""
	}
	return text
}

// pascal is a name as the schema writes types.
func pascal(name string) string {
	text := goName(name)
	if !graphqlOK.MatchString(text) {
		return ""
	}
	return text
}

// capitals is a name as the schema writes an enum's values; empty if it has none there.
func capitals(name string) string {
	var parts []string
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		begin := 0
		for i, c := range part {
			if i > 0 && unicode.IsUpper(c) && unicode.IsLower(rune(part[i-1])) {
				parts, begin = append(parts, part[begin:i]), i
			}
		}
		parts = append(parts, part[begin:])
	}
	text := strings.ToUpper(strings.Join(parts, "_"))
	if !graphqlOK.MatchString(text) {
		return ""
	}
	return text
}

// singular is one of many, for names that nobody minds changing.
func singular(word string) string {
	switch {
	case strings.HasSuffix(word, "ies") && len(word) > 4:
		return strings.TrimSuffix(word, "ies") + "y"
	case strings.HasSuffix(word, "sses") || strings.HasSuffix(word, "tuses") || strings.HasSuffix(word, "xes") || strings.HasSuffix(word, "ches") || strings.HasSuffix(word, "shes"):
		return strings.TrimSuffix(word, "es")
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") && !strings.HasSuffix(word, "us") && !strings.HasSuffix(word, "is"):
		return strings.TrimSuffix(word, "s")
	}
	return word
}

// words are a path's own names: /v1/customers/{id}/addresses is customer, addresses.
func words(path string) []string {
	var found []string
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") || version.MatchString(segment) || segment == "" {
			continue
		}
		segment, _, _ = strings.Cut(segment, "{")
		if i+1 < len(segments) && strings.HasPrefix(segments[i+1], "{") {
			segment = singular(segment)
		}
		found = append(found, segment)
	}
	return found
}

// fieldName is what a root field for an operation is called.
func (o *operation) fieldName() string {
	name := camel(strings.Join(words(o.path), "_"))
	id := text1(o.raw["operationId"])
	if o.method == "get" {
		if name == "" {
			name = camel(id)
		}
		return name
	}
	if identifier.MatchString(id) {
		return id
	}
	verb := map[string]string{"post": "create", "put": "set", "patch": "update", "delete": "delete"}[o.method]
	return verb + singular(pascal(name))
}

// sentence is the first of a description, on one line.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i+1]
	}
	const long = 160
	if runes := []rune(text); len(runes) > long {
		text = strings.TrimSpace(string(runes[:long])) + "…"
	}
	return text
}
