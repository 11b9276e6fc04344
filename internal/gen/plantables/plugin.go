// Package plantables is a gqlgen plugin: it writes the tables that graph/plan runs operations by.
//
// For a field bound to a Go variable or method there is a function that writes its value, or adds the objects it holds, with
// neither reflection nor allocation; for any other, a call of the resolver in gqlgen's own signature, with the arguments as
// gqlgen's generated code coerces them and the schema's directives around it. The tables lie beside gqlgen's executor, in its
// package.
package plantables

import (
	_ "embed"
	"errors"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed tables.gotpl
var tablesTemplate string

// Plugin implements gqlgen's plugin.CodeGenerator.
type Plugin struct{}

// Name implements gqlgen's plugin.Plugin.
func (Plugin) Name() string { return "plantables" }

var errFunctionSyntax = errors.New("plantables: use_function_syntax_for_execution_context is not covered")

// GenerateCode writes plan_gen.go.
func (Plugin) GenerateCode(data *codegen.Data) error {
	if data.Config.UseFunctionSyntaxForExecutionContext {
		return errFunctionSyntax
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "plan_gen.go"),
		Template:        tablesTemplate,
		Data:            newTables(data),
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}

// tables is what the template sees.
type tables struct {
	*codegen.Data
	Types []*object
	// Values are the functions that write scalars or add objects, by type reference, in order of name.
	Values []*value
	ids    map[string]int
}

type object struct {
	*codegen.Object
	ID     int
	Fields []*field
}

func newTables(data *codegen.Data) *tables {
	t := &tables{Data: data, ids: map[string]int{}}
	for _, o := range data.Objects {
		if o.IsReserved() {
			continue
		}
		t.ids[o.Name] = len(t.Types)
		t.Types = append(t.Types, &object{Object: o, ID: len(t.Types)})
	}
	values := map[string]*value{}
	for _, o := range t.Types {
		for _, f := range o.Object.Fields {
			if !f.IsReserved() {
				t.need(values, f.TypeReference)
				o.Fields = append(o.Fields, &field{f, t})
			}
		}
	}
	for _, v := range values {
		t.Values = append(t.Values, v)
	}
	slices.SortFunc(t.Values, func(a, b *value) int { return strings.Compare(a.Func(), b.Func()) })
	return t
}

// HasDirected tells whether any field is resolved within directives.
func (t *tables) HasDirected() bool {
	for _, o := range t.Types {
		for _, f := range o.Fields {
			if f.HasDirectives() && f.Reason() == "" {
				return true
			}
		}
	}
	return false
}

// need adds the functions that write a type, including those of a list's elements.
func (t *tables) need(values map[string]*value, ref *config.TypeReference) {
	v := &value{ref, t}
	if values[v.Func()] != nil {
		return
	}
	values[v.Func()] = v
	if v.isWrapper() {
		t.need(values, ref.Elem())
	}
}

// value is a type reference as a plan's values have it.
type value struct {
	*config.TypeReference
	tables *tables
}

func (v *value) isWrapper() bool {
	return v.IsSlice() || v.IsPtrToSlice() || v.IsPtrToIntf() || v.isPtrToPtr()
}

func (v *value) isPtrToPtr() bool { return v.IsPtrToPtr() && v.Marshaler == nil && !v.IsMarshaler }

// IsWrapper tells whether the type is a pointer to a type with a function of its own.
func (v *value) IsWrapper() bool { return v.isWrapper() && !v.IsSlice() }

// IsLeaf tells whether the type is a scalar or an enum.
func (v *value) IsLeaf() bool {
	return v.Definition.Kind == ast.Scalar || v.Definition.Kind == ast.Enum
}

// IsAbstract tells whether the type is an interface or a union.
func (v *value) IsAbstract() bool {
	return v.Definition.Kind == ast.Interface || v.Definition.Kind == ast.Union
}

// Element is the element of a list, or what a pointer points to.
func (v *value) Element() *value { return &value{v.Elem(), v.tables} }

// ByReference tells whether the type is an object held by value: its function takes a pointer to it.
func (v *value) ByReference() bool {
	return v.Definition.Kind == ast.Object && !v.isWrapper() && !v.IsNilable()
}

// Func is the name of the type's function.
func (v *value) Func() string {
	kind := "column"
	if v.IsLeaf() {
		kind = "leaf"
	}
	return kind + v.UniquenessKey()
}

// Param is the type that the function takes.
func (v *value) Param() string {
	if v.ByReference() {
		return "*" + templates.CurrentImports.LookupType(v.GO)
	}
	return templates.CurrentImports.LookupType(v.GO)
}

// Arg is an expression of the type as the function takes it; the expression must be addressable.
func (v *value) Arg(expression string) string {
	if v.ByReference() {
		return "&" + expression
	}
	return expression
}

// ID is an object type's id.
func (v *value) ID() int { return v.tables.ids[v.Definition.Name] }

// Implementor is a Go type that an abstract type may have.
type Implementor struct {
	codegen.InterfaceImplementor
	ID int
}

// Implementors are the Go types of an abstract type's objects, the more specific first. gqlgen lists the interfaces that implement it
// too; they are left out, since every object that implements them is listed itself.
func (v *value) Implementors() []Implementor {
	var list []Implementor
	for _, i := range v.tables.Interfaces[v.Definition.Name].Implementors {
		if id, object := v.tables.ids[i.Name]; object {
			list = append(list, Implementor{i, id})
		}
	}
	return list
}

// appendForm finds, beside a scalar's MarshalX, a function AppendX([]byte, T) []byte.
func appendForm(marshal *types.Func) *types.Func {
	name, ok := strings.CutPrefix(marshal.Name(), "Marshal")
	if !ok || marshal.Pkg() == nil {
		return nil
	}
	found, ok := marshal.Pkg().Scope().Lookup("Append" + name).(*types.Func)
	if !ok {
		return nil
	}
	signature, want := found.Signature(), marshal.Signature()
	bytes := types.NewSlice(types.Typ[types.Byte])
	if signature.Params().Len() != 2 || signature.Results().Len() != 1 || want.Params().Len() != 1 ||
		!types.Identical(signature.Params().At(0).Type(), bytes) || !types.Identical(signature.Results().At(0).Type(), bytes) ||
		!types.Identical(signature.Params().At(1).Type(), want.Params().At(0).Type()) {
		return nil
	}
	return found
}
