package cost

// Table says which fields call an API.
type Table struct {
	// Fields are by "Type.field". A field that is not there calls nobody.
	Fields map[string]Field
	// Loaders are by name.
	Loaders map[string]Loader
}

// Field is how a field's resolver calls its API. The zero Field calls nobody.
type Field struct {
	// API is the name of the API that is called; empty where none is, or where a loader calls.
	API string
	// Calls is how many calls a resolver makes for each parent; default 1.
	Calls int
	// More are the calls that an argument adds if it is given, by its name.
	More map[string]int
	// Batch tells that the resolver calls once for all parents, or once for each Chunk of them; 0 is any number.
	Batch bool
	Chunk int
	// Loader is the loader that the field takes its value from, instead of calling by itself.
	Loader string
	// Same tells that all parents want the same key of the loader, and Many that each wants a key for each element of its list.
	Same, Many bool
	// Each accepts that the field calls once for each element of a list: see [Model.PerElement].
	Each bool
	// Call is the call as people read it: "GET /orders". Empty where code decides what to call.
	Call string
}

// Loader is a cache of one operation, filled by key: what several fields want is asked for once.
type Loader struct {
	API string
	// Chunk is how many keys one call takes; 0 is any number.
	Chunk int
	// Keys is how many different keys there are at all; 0 is any number.
	Keys int
	// Each and Call are as for a [Field]; a loader of Chunk 1 calls once for each element.
	Each bool
	Call string
}

// call is the call that a field makes, by itself or by its loader, as people read it.
func (t Table) call(name string) string {
	f := t.Fields[name]
	if f.Loader != "" {
		return t.Loaders[f.Loader].Call
	}
	return f.Call
}

// API is the name of the API that a field calls, by itself or by its loader; empty if it calls none.
func (t Table) API(name string) string {
	f := t.Fields[name]
	if f.Loader != "" {
		return t.Loaders[f.Loader].API
	}
	return f.API
}
