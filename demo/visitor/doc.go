// Package visitor is a scripted person at a browser: it keeps cookies, says what a browser says of itself
// (Sec-Fetch-*, Origin, Accept), signs in at the demo's provider through its login page, and asks GraphQL as the SPA
// does.
//
// It proves the gateway in journeys and drives it in benchmarks. It is no browser: SameSite, cookie name prefixes and
// content security policies are judged by a real one in e2e.
package visitor
