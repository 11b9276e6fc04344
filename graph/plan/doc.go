// Package plan runs GraphQL operations of a gqlgen schema as plans: breadth-first, each field for all of its parents in one
// step, the answer appended to one buffer.
//
//	tables.go    what the generator writes down of a schema's fields
//	schema.go    gqlgen's ExecutableSchema, which chooses who runs an operation
//	compile.go   an operation made a plan
//	collect.go   fragments and repeated fields merged
//	run.go       a plan executed: a field begins when its own parents are there
//	call.go      a resolver's calls, single and batch
//	column.go    what a field gave, for all of its parents
//	path.go      where a value stands: field contexts for resolvers and errors
//	stream.go    a subscription's source, and the events it gives
//	deny.go      fields that an operation may not have, and what gqlgen's executor is given to do
//	coerce.go    what gqlgen's executor writes of an Int and of an enum
//	writer.go    the answer, with the specification's null propagation
//
// gqlgen keeps the schema, the binding of models, the resolvers' signatures, scalars, errors and transports; the tables are
// generated beside its own code by internal/gen. What a plan does not cover (introspection, @defer, field
// interceptors, directives on batch resolvers) runs on gqlgen's executor, chosen per operation and counted by reason.
// The events of a subscription are answered by plans too, one by one, for a caller that takes them from a [Source]; for others gqlgen's
// executor answers.
//
// What differs from gqlgen's executor:
//   - A batch resolver gets the parents of the whole tree, not of one list; its context tells the place of the first.
//   - A field's arguments are coerced once for all of its parents, and shared by their calls: a resolver must not change them.
//   - FieldContext.Result of the fields around a call is set only where no list lies between.
//   - When the context of an operation has ended, no further resolver is called; the fields left fail with its cause. A
//     resolver under way is waited for.
//   - A number that JSON cannot hold, or another scalar that fails to write itself, is an error with the specification's null
//     propagation, not a null where none may be.
//   - An integer that Int cannot hold, and a text that is no value of an enum whose Go type gqlgen made, are errors on both, since
//     gqlgen's executor is told so (coerce.go); not for a subscription whose events it takes from the resolver itself.
//   - A Go value for which an enum of the team's own Go type has no name is an error, not an empty text.
//   - An error that cannot be told, and one without any in it, is an error of its field; of a list of errors the nil ones are left out.
//   - What a directive of the schema adds to the context reaches the resolver of its own field, and none beneath: those are called for the objects of
//     several fields together.
//   - graphql.MarkNonNull does nothing where a resolver or a directive of the schema calls it. Where gqlgen means it to be called, by a field
//     interceptor or a directive in the document, gqlgen's executor runs the operation.
//   - A nil pointer within an interface or a union, or to a list, is an error where no null may be; gqlgen reports none.
//   - An event of a type that the schema does not know is an error of the subscription's field; gqlgen's executor answers with nothing at all.
//   - Text that is not UTF-8 becomes U+FFFD, since JSON is UTF-8.
//   - Errors come in the order of the answer.
//
// Equal calls are not merged: each parent's resolver is called, since whether a resolver only reads is not known here. Fields
// that need the same thing share it through the loaders that their resolvers use; fields that load things of one kind and are ready
// at the same time are loaded by one call (see [Config.Kind]).
package plan
