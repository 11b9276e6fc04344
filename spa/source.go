package spa

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// noTime keeps ServeContent from sending Last-Modified.
var noTime time.Time

// source is where a bundle's files come from: the binary or a directory. open
// gives the representation of a file in an encoding ("", "br", "gzip"), or an
// error that is fs.ErrNotExist when there is none.
type source interface {
	open(name, encoding string) (*asset, error)
}

// suffixes of the compressed twins that stand beside a file.
var suffixes = map[string]string{"br": ".br", "gzip": ".gz"}

// embedded is a bundle in memory, by name and encoding; immutable.
type embedded map[string]map[string]representation

type representation struct {
	content []byte
	etag    string
}

// load reads a bundle out of the binary, once, with entity tags of the content.
// Reading an embedded file cannot fail, and a bundle whose compressed files are
// broken does not pass our tests, so that a fault here is a panic at start.
func load(files embed.FS, dir string) embedded {
	bundle := embedded{}
	err := fs.WalkDir(files, dir, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(full)
		if err != nil {
			return err
		}
		name, encoding := strings.TrimPrefix(full, dir+"/"), ""
		if name == "build.json" || name == operationsFile {
			return nil // For the check of freshness, and for the gateway; not for the browser.
		}
		for e, suffix := range suffixes {
			if stem, ok := strings.CutSuffix(name, suffix); ok {
				name, encoding = stem, e
			}
		}
		bundle.add(name, encoding, content)
		return nil
	})
	if err == nil {
		err = bundle.unpackGzipOnly()
	}
	if err != nil {
		panic(fmt.Errorf("spa: embedded bundle %s: %w", dir, err))
	}
	return bundle
}

func (b embedded) add(name, encoding string, content []byte) {
	if b[name] == nil {
		b[name] = map[string]representation{}
	}
	sum := sha256.Sum256(content)
	tag := base64.RawURLEncoding.EncodeToString(sum[:12])
	if encoding != "" {
		tag += "-" + encoding
	}
	b[name][encoding] = representation{content: content, etag: `"` + tag + `"`}
}

// unpackGzipOnly gives the files that are kept compressed alone (the
// playground's) to those few clients that accept no gzip.
func (b embedded) unpackGzipOnly() error {
	for name, representations := range b {
		if _, ok := representations[""]; ok {
			continue
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(representations["gzip"].content))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		content, err := io.ReadAll(unpacked)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.add(name, "", content)
	}
	return nil
}

func (b embedded) open(name, encoding string) (*asset, error) {
	found, ok := b[name][encoding]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return inMemory(found.content, encoding, found.etag), nil
}

// directory is a bundle on disk, below a root that nothing leads out of.
type directory struct {
	root *os.Root
}

func (d directory) open(name, encoding string) (*asset, error) {
	file, err := d.root.Open(filepath.FromSlash(name + suffixes[encoding]))
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, fs.ErrNotExist // A path through a file, or one that leads out, is not there either.
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrNotExist, err, file.Close())
	}
	tag := fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size())
	if encoding != "" {
		tag += "-" + encoding
	}
	return &asset{content: file, size: info.Size(), encoding: encoding, etag: `"` + tag + `"`}, nil
}
