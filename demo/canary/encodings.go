package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

// telling gives the parts of a secret that are looked for: payload and signature of a JSON Web Token, all of anything else.
func telling(value string) []string {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || !strings.HasPrefix(value, "eyJ") {
		return []string{value}
	}
	return parts[1:]
}

// windows gives the beginnings of a secret in every encoding that hides it from readings.
func windows(secret string) [][window]byte {
	if len(secret) < window {
		return nil
	}
	out := [][window]byte{[window]byte([]byte(secret))}
	// What stands before a secret shifts its base64: three offsets are all there are. The characters that the bytes
	// before have a part in are left off.
	for before, shared := range []int{0, 2, 3} {
		shifted := append(make([]byte, before), secret...)
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, [window]byte([]byte(encoding.EncodeToString(shifted)[shared:])))
		}
	}
	inHex := hex.EncodeToString([]byte(secret))
	return append(out, [window]byte([]byte(inHex)), [window]byte([]byte(strings.ToUpper(inHex))))
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[0-7]{3}|\\[^ux]|&#x?[0-9A-Fa-f]{1,6};|&amp;`)

// maxReadings bounds how many escapings may lie over each other.
const maxReadings = 4

// readings gives a text as it is, and with its escapes undone as often as there are any: percent-encoding, and those of
// JSON, Go strings and HTML.
func readings(text []byte) [][]byte {
	all := [][]byte{text}
	for len(all) < maxReadings {
		last := all[len(all)-1]
		next := escape.ReplaceAllFunc(last, unescape)
		if bytes.Equal(next, last) {
			break
		}
		all = append(all, next)
	}
	return all
}

func unescape(e []byte) []byte {
	switch {
	case e[0] == '%':
		return codePoint(e[1:], 16)
	case string(e) == "&amp;":
		return []byte("&")
	case bytes.HasPrefix(e, []byte("&#x")):
		return codePoint(e[3:len(e)-1], 16)
	case e[0] == '&':
		return codePoint(e[2:len(e)-1], 10)
	case e[1] == 'u' || e[1] == 'x':
		return codePoint(e[2:], 16)
	case len(e) == 4:
		return codePoint(e[1:], 8)
	}
	return e[1:]
}

// codePoint gives the byte, or the character when there is no such byte.
func codePoint(digits []byte, base int) []byte {
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || n > 0x10FFFF {
		return digits
	}
	if n < 0x100 {
		return []byte{byte(n)}
	}
	return []byte(string(rune(n)))
}
