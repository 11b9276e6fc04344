// Package valid holds what makes a document valid, and the defaults of a schema. It adds to gqlgen's validator what that leaves open of
// the specification's Int. Variables, which come with a request, are none of its business (see graph.misfit).
package valid
