package spa

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// operationsFile is where a bundle says which GraphQL operations it sends: a JSON object of documents by id.
const operationsFile = "operations.json"

// maxOperations bounds that file, in bytes. A larger one is refused, not read in part.
const maxOperations = 8 << 20

// Operations are the GraphQL operations of the embedded bundle, or of the one in a directory: for the gateway, which serves
// them to nobody. A team's own bundle may have none, which gives nil.
func Operations(dir string) ([]byte, error) {
	files, name := fs.FS(appFiles), path.Join("dist", operationsFile)
	if dir != "" {
		files, name = os.DirFS(dir), operationsFile
	}
	file, err := files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("spa: the bundle's operations: %w", err)
	}
	defer file.Close() //nolint:errcheck // It was only read.
	content, err := io.ReadAll(io.LimitReader(file, maxOperations+1))
	if err != nil {
		return nil, fmt.Errorf("spa: the bundle's operations: %w", err)
	}
	if len(content) > maxOperations {
		return nil, fmt.Errorf("spa: the bundle's operations: %s is larger than %d bytes", operationsFile, maxOperations)
	}
	return content, nil
}
