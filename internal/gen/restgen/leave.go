package restgen

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
)

var (
	delegates = regexp.MustCompile(`^return r\.(rest\w+)\(`)
	loads     = regexp.MustCompile(`restLoad\(ctx\)\.(\w+)`)
	// projects is what says that nobody looks at more than is selected, which is not so of code by hand.
	projects = regexp.MustCompile(`^ctx = rest\.Own\(.*\)\s+`)
)

// made are the bodies of the functions that were made the last time, by name: whoever takes a directive away goes on with them by hand.
func made(file string) (map[string]string, error) {
	source, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil //nolint:nilerr // It is about to be made anew.
	}
	bodies := map[string]string{}
	for _, declaration := range tree.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok && f.Body != nil {
			body := source[set.Position(f.Body.Lbrace).Offset+1 : set.Position(f.Body.Rbrace).Offset]
			bodies[f.Name.Name] = strings.TrimSpace(string(body))
		}
	}
	return bodies, nil
}

// left is the body of a resolver whose directive is gone: what the generated function did, if the resolver called one. A loader that is
// made no longer stands in its place.
func (p *Plan) left(previous string) string {
	m := delegates.FindStringSubmatch(previous)
	if m == nil || p.made[m[1]] == "" {
		return previous
	}
	return loads.ReplaceAllStringFunc(projects.ReplaceAllString(p.made[m[1]], ""), func(load string) string {
		name := loads.FindStringSubmatch(load)[1]
		for _, c := range p.calls {
			if c.batch != nil && c.loaderName() == name {
				return load
			}
		}
		loader, ok := strings.CutPrefix(p.made["rest"+strings.ToUpper(name[:1])+name[1:]+"Loader"], "return ")
		if !ok {
			return load
		}
		return strings.ReplaceAll(loader, "rest.Shared(ctx)", "ctx")
	})
}
