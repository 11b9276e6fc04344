// Package demo is the outside world of the demonstration: an identity provider and four REST APIs, over real HTTP on
// this machine's loopback. It makes `go run .` complete, and it is what the project's tests run against.
//
// [Start] gives a [World]: the provider (package provider) and the control pages on one address, each API (package apis)
// on one of its own. Everything stands behind package fault, which records each call and makes servers misbehave.
//
//	GET /                   the world at a glance: users, addresses, links
//	    /control/           faults and calls, page and API (package fault)
//	    /control/provider/  the provider's switches, page and API (package provider)
//	    everything else     the provider
//
// It is for demonstrations and tests only: it refuses any address that is not loopback and requests under any other name, it forgets
// everything when it stops, and its passwords are on its pages.
package demo
