package predict

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"vestibule.example/graph/cost"
)

// ByHand reads the table of calls in a package's source: every literal of map[string]cost.Field and map[string]cost.Loader in the files
// that are not generated. The values in it must be written out, or constants of the package.
func ByHand(dir string) (cost.Table, error) {
	table := cost.Table{Fields: map[string]cost.Field{}, Loaders: map[string]cost.Loader{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return table, err
	}
	r := &reader{set: token.NewFileSet(), constants: map[string]ast.Expr{}}
	var trees []*ast.File
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return table, err
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(r.set, file, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return table, err
		}
		if ast.IsGenerated(tree) {
			continue
		}
		trees = append(trees, tree)
		r.note(tree)
	}
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			switch elementOf(literal.Type) {
			case "Field":
				read(r, literal, table.Fields)
			case "Loader":
				read(r, literal, table.Loaders)
			default:
				return true
			}
			return false
		})
	}
	return table, errors.Join(r.faults...)
}

// reader evaluates as much of Go as such a table needs.
type reader struct {
	set       *token.FileSet
	constants map[string]ast.Expr
	faults    []error
}

func (r *reader) fault(at ast.Node, format string, args ...any) {
	position := r.set.Position(at.Pos())
	r.faults = append(r.faults, fmt.Errorf("%s:%d:%d: %s", filepath.Base(position.Filename), position.Line, position.Column, fmt.Sprintf(format, args...))) //nolint:err113 // For a person, with its place.
}

// note keeps a file's constants.
func (r *reader) note(tree *ast.File) {
	for _, declaration := range tree.Decls {
		d, ok := declaration.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for _, spec := range d.Specs {
			v := spec.(*ast.ValueSpec) //nolint:forcetypeassert // What const declares.
			for i, name := range v.Names {
				if i < len(v.Values) {
					r.constants[name.Name] = v.Values[i]
				}
			}
		}
	}
}

// elementOf is T of the type map[string]cost.T; empty for any other.
func elementOf(t ast.Expr) string {
	m, ok := t.(*ast.MapType)
	if !ok {
		return ""
	}
	s, ok := m.Value.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := s.X.(*ast.Ident); !ok || pkg.Name != "cost" {
		return ""
	}
	return s.Sel.Name
}

// read reads a map of entries.
func read[T any](r *reader, literal *ast.CompositeLit, into map[string]T) {
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			r.fault(element, "not an entry of a table")
			continue
		}
		name, isName := r.value(pair.Key).(string)
		entry, isEntry := pair.Value.(*ast.CompositeLit)
		if !isName || !isEntry {
			r.fault(pair, `want "Type.field": {…}, written out`)
			continue
		}
		var value T
		r.fill(entry, reflect.ValueOf(&value).Elem())
		into[name] = value
	}
}

// fill sets the fields of a struct that a literal names.
func (r *reader) fill(literal *ast.CompositeLit, into reflect.Value) {
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			r.fault(element, "want NAME: VALUE")
			continue
		}
		name, ok := pair.Key.(*ast.Ident)
		if !ok || !into.FieldByName(name.Name).IsValid() {
			r.fault(pair.Key, "not a field of cost.%s", into.Type().Name())
			continue
		}
		value := reflect.ValueOf(r.value(pair.Value))
		if field := into.FieldByName(name.Name); value.IsValid() && value.Type() == field.Type() {
			field.Set(value)
		} else {
			r.fault(pair.Value, "%s is not written out, and `plan` reads this table without running it: want a constant", name.Name)
		}
	}
}

// value evaluates a constant, or a map of numbers; nil for anything else.
func (r *reader) value(e ast.Expr) any {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			if text, err := strconv.Unquote(e.Value); err == nil {
				return text
			}
		}
		if n, err := strconv.ParseInt(e.Value, 0, 0); err == nil && e.Kind == token.INT {
			return int(n)
		}
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return e.Name == "true"
		}
		if known := r.constants[e.Name]; known != nil {
			delete(r.constants, e.Name) // A constant defined by itself ends here.
			defer func() { r.constants[e.Name] = known }()
			return r.value(known)
		}
	case *ast.CompositeLit:
		numbers := map[string]int{}
		for _, element := range e.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				return nil
			}
			name, isName := r.value(pair.Key).(string)
			n, isNumber := r.value(pair.Value).(int)
			if !isName || !isNumber {
				return nil
			}
			numbers[name] = n
		}
		return numbers
	}
	return nil
}
