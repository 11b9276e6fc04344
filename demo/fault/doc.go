// Package fault makes the demo world misbehave on demand and remembers what it was asked.
//
// A [Control] stands before each server of the demo world: the four REST APIs and the identity
// provider, each of them a target. [Control.Wrap] puts it there. It does two things:
//
//   - It applies the [Rule]s set for that target: latency, error answers of any kind, requests that hang,
//     bodies that are garbage, cut or drip slowly, connections that drop, headers that are wrong.
//   - It records each request as a [Call], so that a test can assert how many there were and a person
//     can see what the gateway sent. No credential is kept: of a Bearer token there remain the fact and
//     the beginning of its SHA-256, of a query parameter that carries a secret only that it was there.
//
// [Control.Handler] is its remote control: a JSON API and a page for people.
//
//	GET    /control/            the page
//	GET    /control/faults      the rules set
//	PUT    /control/faults      replace them all
//	POST   /control/faults      add one
//	DELETE /control/faults      remove them: all, those of ?target=, or the one of ?id=
//	GET    /control/calls       the calls recorded, oldest first, all or those of ?target=
//	DELETE /control/calls       forget them
//
// It answers only on a loopback Host name and takes no unsafe request from another origin, but it asks
// nobody to sign in: whoever can reach it on this machine may use it. It belongs to the demo alone.
package fault
