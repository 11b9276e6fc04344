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
	offers := [...]offer{
		{media: mediaJSON, anySubtype: "application/*"}, {media: mediaResponse, anySubtype: "application/*"}, {media: mediaEvents, anySubtype: "text/*"},
	}
	weigh(accept, offers[:])
	best := offer{}
	for _, o := range offers {
		if o.quality > best.quality {
			best = o
		}
	}
	return best.media
}

// takesEvents tells whether event streams are acceptable.
func takesEvents(accept []string) bool {
	offers := [...]offer{{media: mediaEvents, anySubtype: "text/*"}}
	weigh(accept, offers[:])
	return len(accept) == 0 || offers[0].quality > 0
}

// offer is a media type of ours, and how welcome it is: the q of the most specific range that matches it (RFC 9110 §12.5.1).
type offer struct {
	media, anySubtype string
	quality           float64
	rank              int // how specific that range is; 0 is none
}

// weigh finds how welcome the offers are.
func weigh(accept []string, offers []offer) {
	for entry := range entries(accept) {
		name, options, err := parseRange(entry)
		if charset := options["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		for i := range offers {
			o := &offers[i]
			if rank := o.rankOf(name); rank > 0 && rank >= o.rank {
				o.rank, o.quality = rank, quality(options)
			}
		}
	}
}

// rankOf tells how specifically a range names the media type; 0 is not at all.
func (o *offer) rankOf(name string) int {
	switch name {
	case o.media:
		return 3
	case o.anySubtype:
		return 2
	case "*/*":
		return 1
	}
	return 0
}

// entries are the comma-separated entries of a header that may be there several times.
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

// quality is a range's q (RFC 9110 §12.4.2): 1 if it has none, 0 if that cannot be read.
func quality(options map[string]string) float64 {
	text, there := options["q"]
	if !there {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q > 1 { // A negative q is as unwelcome as 0.
		return 0
	}
	return q
}
