// Package secret holds strings that must not be printed: client secrets, tokens, keys.
//
// A [Text] gives "[redacted]" to every fmt verb, to slog, JSON, XML and every other user of encoding.TextMarshaler,
// also when it lies in an unexported field of a struct that somebody formats. Reading the value takes a call of
// [Text.Reveal], so that a search for that name finds every place where a secret leaves the type.
//
// It does not clear memory and does not hide anything from reflection with package unsafe or from a core dump.
package secret
