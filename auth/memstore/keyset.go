package memstore

import "maps"

// keySet is a set of record keys. Most sets have one key, for which a map would take more memory than the session's record.
type keySet struct {
	one  string
	more map[string]bool
}

func (k keySet) with(key string) keySet {
	switch {
	case k.more != nil:
		k.more[key] = true
	case k.one == "" || k.one == key:
		k.one = key
	default:
		k = keySet{more: map[string]bool{k.one: true, key: true}}
	}
	return k
}

func (k keySet) without(key string) keySet {
	delete(k.more, key)
	if k.one == key {
		k.one = ""
	}
	return k
}

func (k keySet) isEmpty() bool { return k.one == "" && len(k.more) == 0 }

func (k keySet) appendTo(keys []string) []string {
	if k.one != "" {
		keys = append(keys, k.one)
	}
	for key := range maps.Keys(k.more) {
		keys = append(keys, key)
	}
	return keys
}
