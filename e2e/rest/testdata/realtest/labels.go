package realtest

import "encoding/json"

// labels are the names of an issue's labels. GitHub gives a label as a text, or as an object that may have a name.
func labels(kept []byte) ([]string, error) {
	var list []any
	if err := json.Unmarshal(kept, &list); err != nil {
		return nil, err
	}
	var names []string
	for _, label := range list {
		object, _ := label.(map[string]any)
		for _, name := range []any{label, object["name"]} {
			if text, ok := name.(string); ok {
				names = append(names, text)
			}
		}
	}
	return names, nil
}
