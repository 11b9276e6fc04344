// Package resttest is a schema all of whose fields the generator makes (docs/rest.md), over two APIs that nobody runs but the tests:
// every form of call, of key and of conversion is there once. Package hand has the same schema with resolvers written by hand: over made-up
// APIs, in which anything may be missing, odd or broken, both must give the same answers and ask the same (diff_test.go).
//
// # What it sees
//
// The generator was broken in some seventy ways, one after another, and its code made anew. The comparison fails, or a test beside it does, when
//
//   - a change no longer invalidates, does so before it has succeeded, or loses its key, a header, a constant, a place in the body, or null that is left out;
//   - a fallback is lost, hides a no, or is told to nobody; 404 is an error where it was null, or null where it was an error;
//   - keys are another property's, or more than a call takes; what is not there stays in a list or is left out where it was null; one failure is all parents';
//   - a page's next, more, total or Link is not read, a cursor is any field's, a page begins one too early or ends too soon;
//   - an enum, an id, a time or a form's list is written as the schema has it, and not the API;
//   - a member that a key, a page or a call needs is not decoded;
//   - timeout or cache is lost, a search is a change, an event's name does not matter, an API is asked again too seldom.
//
// What both sides share, or cannot differ in, is seen by examples alone: that keys are asked for together and each once (TestKeysAreAskedForTogether), and what
// is not decoded (TestNoMoreIsDecodedThanIsSelected, TestWhatNobodyAsksForIsNotDecoded).
//
// Ten minutes of FuzzGeneratedAnswersAsHandWritten on one core are 200,000 worlds with up to seven operations each; what they found is in testdata/fuzz.
package resttest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
