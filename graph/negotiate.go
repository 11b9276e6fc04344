package graph

import (
	"iter"
	"mime"
	"strconv"
	"strings"
)

// negotiate gives the answer's media type, or nothing if none of ours is acceptable. Without Accept, and where several are
// equally welcome, it is application/json, which every client understands.
func negotiate(accept []string) string {
	if len(accept) == 0 {
		return mediaJSON
	}
	best, bestQuality := "", 0.0
	for _, media := range []string{mediaJSON, mediaResponse, mediaEvents} {
		if q := quality(accept, media); q > bestQuality {
			best, bestQuality = media, q
		}
	}
	return best
}

// entries are those of a header that may be there several times.
func entries(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range values {
			for entry := range strings.SplitSeq(value, ",") {
				if !yield(entry) {
					return
				}
			}
		}
	}
}

// parseRange reads an entry of Accept. Most have no parameters, and then nothing is allocated.
func parseRange(entry string) (name string, parameters map[string]string, err error) {
	entry = strings.TrimSpace(entry)
	if strings.Contains(entry, ";") {
		return mime.ParseMediaType(entry)
	}
	return strings.ToLower(entry), nil, nil
}

// quality is how welcome a media type is: the q of the most specific range that names it (RFC 9110 §12.5.1).
func quality(accept []string, media string) float64 {
	major, _, _ := strings.Cut(media, "/")
	q, specific := 0.0, 0
	for entry := range entries(accept) {
		name, options, err := parseRange(entry)
		if err != nil {
			continue
		}
		rank := 0
		switch name {
		case media:
			rank = 3
		case major + "/*":
			rank = 2
		case "*/*":
			rank = 1
		}
		if charset := options["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			rank = 0
		}
		if rank == 0 || rank < specific {
			continue
		}
		value := 1.0
		if text, there := options["q"]; there {
			if value, err = strconv.ParseFloat(text, 64); err != nil || value < 0 || value > 1 {
				value = 0
			}
		}
		q, specific = value, rank
	}
	return q
}
