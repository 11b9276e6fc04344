// Package canary looks for secrets where they must not be.
//
// A test suite tells a Canary every secret that it issues and every text that came out of the gateway: what browsers saw
// (Browser records that by itself), what was logged, traced and measured. Leaks then names each secret that is in one of
// the texts: as it is, in base64 or base64url at any offset, in hex, percent-encoded, behind backslash escapes, and cut to
// its first sixteen characters; compressed bodies are opened first.
//
// It does not see a secret of fewer than sixteen bytes, one cut shorter, one encrypted, nor one encoded twice in base64.
// Of a JSON Web Token it looks for payload and signature; every token's header begins alike and is no secret.
package canary
