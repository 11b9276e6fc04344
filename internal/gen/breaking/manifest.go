package breaking

import (
	"encoding/json"
	"errors"
)

// Manifest is a file of operations in use.
type Manifest struct {
	Name    string
	Content []byte
}

var errManifest = errors.New("want a JSON object of documents by id, or Apollo's persisted query manifest")

// texts gives a manifest's documents by id.
func (m Manifest) texts() (map[string]string, error) {
	var apollo struct {
		Format     string
		Operations []struct{ ID, Body string }
	}
	texts := map[string]string{}
	if err := json.Unmarshal(m.Content, &apollo); err == nil && apollo.Format == "apollo-persisted-query-manifest" {
		for _, o := range apollo.Operations {
			texts[o.ID] = o.Body
		}
		return texts, nil
	}
	if err := json.Unmarshal(m.Content, &texts); err != nil {
		return nil, errManifest
	}
	return texts, nil
}
