package cost

import "github.com/vektah/gqlparser/v2/ast"

// load is what all fields of an operation ask of one loader: how many keys, in how many places of the document.
type load struct {
	keys   float64
	places int
}

// called notes what a field calls for so many parents, and gives the node of it; nil if it calls nobody. count is how many objects or
// values come of the field.
func (w *walk) called(name string, parents, count float64, path []string, f *ast.Field) *Node {
	api := w.table.API(name)
	if api == "" {
		return nil
	}
	entry := w.table.Fields[name]
	node := &Node{Field: name, Path: path, At: f.Position, API: api, Call: w.table.call(name), Parents: bounded(parents)}
	switch {
	case entry.Loader != "":
		l := w.loads[entry.Loader]
		if l == nil {
			l = &load{}
			w.loads[entry.Loader] = l
		}
		wanted := parents
		switch {
		case entry.Same:
			wanted = min(wanted, 1)
		case entry.Many:
			wanted = count
		}
		l.keys += wanted
		l.places++
		loader := w.table.Loaders[entry.Loader]
		node.Keys = bounded(w.known(loader, wanted))
		node.Calls = chunks(node.Keys, loader.Chunk)
		node.PerElement = loader.Chunk == 1 && node.Keys > 1
	case entry.Batch:
		node.Keys = node.Parents
		node.Calls = chunks(node.Keys, entry.Chunk)
		node.PerElement = entry.Chunk == 1 && node.Keys > 1
		w.estimate.Calls[api] += node.Calls
	default:
		each := max(entry.Calls, 1)
		for argumentName, more := range entry.More {
			if _, given := argument(f, argumentName, w.variables); given {
				each += more
			}
		}
		node.Calls = bounded(parents * float64(each))
		node.PerElement = node.Parents > 1
		w.estimate.Calls[api] += node.Calls
	}
	return node
}

// known bounds the keys asked of a loader by how many there are at all.
func (w *walk) known(loader Loader, keys float64) float64 {
	if loader.Keys > 0 {
		return min(keys, float64(loader.Keys))
	}
	return keys
}

// chunks is how many calls so many keys take, size in each; 0 is any number.
func chunks(keys, size int) int {
	switch {
	case keys == 0:
		return 0
	case size == 0:
		return 1
	}
	return (keys-1)/size + 1
}

// count adds the loaders' calls. Each field that asks a loader begins one fetch, of the keys that no other has asked for, in
// chunks of which the last may be short: n fetches of k keys are at most k-n full chunks, rounded down, and n.
func (w *walk) count() {
	for name, l := range w.loads {
		loader := w.table.Loaders[name]
		keys := bounded(w.known(loader, l.keys))
		if keys == 0 {
			continue
		}
		fetches := min(l.places, keys)
		calls := fetches
		if loader.Chunk > 0 {
			calls += (keys - fetches) / loader.Chunk
		}
		w.estimate.Calls[loader.API] = min(w.estimate.Calls[loader.API]+calls, most)
	}
	for api, n := range w.estimate.Calls {
		w.estimate.Calls[api] = min(n, most)
	}
}
