package plantables

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
)

// field is a field of an object type.
type field struct {
	*codegen.Field
	tables *tables
}

// Value is the field's type.
func (f *field) Value() *value { return &value{f.TypeReference, f.tables} }

// Reason is why a plan does not cover the field, as a constant of graph/plan.
func (f *field) Reason() string {
	switch {
	case f.IsBatch() && f.HasDirectives():
		return "ReasonBatchDirective"
	case f.IsMap(), f.TypeReference.IsRoot, f.HasFederationRequiresArg(), f.GoReceiverName == "ec", f.bundlesArguments():
		return "ReasonBinding"
	}
	return ""
}

// bundlesArguments tells whether @inlineArguments makes one argument of the field's.
func (f *field) bundlesArguments() bool {
	return codegen.GetInlineArgsMetadata(f.Object.Name, f.Name) != nil
}

// IsBound tells whether the field's value can be read off its parent without a resolver.
func (f *field) IsBound() bool {
	return !f.IsResolver && !f.HasDirectives() && !f.HasHaser &&
		(f.IsVariable() || f.NoErr && !f.MethodHasContext && len(f.Args) == 0)
}

// Coerced is how gqlgen's executor has to be told of values that the field's type cannot have, as a constant of graph/plan; empty where who writes
// the value decides what it is.
func (f *field) Coerced() string {
	v := f.Value()
	for v.isWrapper() {
		v = v.Element()
	}
	if v.isMadeEnum() {
		return "CoercedEnum"
	}
	if v.Definition.Name != "Int" || v.IsMarshaler {
		return ""
	}
	if method, _ := direct("Int", v.Marshaler); method == "Int" || method == "Uint" {
		return "CoercedInt"
	}
	return ""
}

// Get is the expression of a bound field's value.
func (f *field) Get() string {
	get := "parent.(" + templates.CurrentImports.LookupType(f.Object.Reference()) + ")." + f.GoFieldName
	if f.IsMethod() {
		return get + "()"
	}
	return get
}

// Constructor makes the field's resolver.
func (f *field) Constructor() string {
	name := "Single"
	if f.IsBatch() {
		name = "Batch"
	}
	if f.Value().IsLeaf() {
		name += "Leaf"
	}
	return name
}

// Parent is the Go type of the parent.
func (f *field) Parent() string { return templates.CurrentImports.LookupType(f.Object.Reference()) }

// GoType is the Go type of the value.
func (f *field) GoType() string { return templates.CurrentImports.LookupType(f.TypeReference.GO) }

// Call gives the statements that resolve a single field: they return its value and an error.
func (f *field) Call() string {
	switch {
	case f.IsResolver:
		return "return ec.Resolvers." + f.ShortInvocation()
	case f.HasHaser && f.IsVariable():
		return f.unlessAbsent("return obj." + f.GoFieldName + ", nil")
	case f.IsVariable():
		return "return obj." + f.GoFieldName + ", nil"
	}
	call := fmt.Sprintf("obj.%s(%s)", f.GoFieldName, f.CallArgs())
	switch {
	case f.VOkFunc:
		return f.unlessAbsent(fmt.Sprintf("v, ok := %s\nif !ok {\nvar none %s\nreturn none, plan.ErrAbsent\n}\nreturn v, nil", call, f.GoType()))
	case f.NoErr:
		return f.unlessAbsent("return " + call + ", nil")
	}
	return f.unlessAbsent("return " + call)
}

// unlessAbsent asks a model's HasX before X.
func (f *field) unlessAbsent(statements string) string {
	if !f.HasHaser {
		return statements
	}
	return fmt.Sprintf("if !obj.%s() {\nvar none %s\nreturn none, plan.ErrAbsent\n}\n%s", f.HaserMethodName, f.GoType(), statements)
}

// Directives are the statements that put the schema's directives around next, as gqlgen does it.
func (f *field) Directives() string {
	var b strings.Builder
	for i, d := range f.ImplDirectives() {
		fmt.Fprintf(&b, "directive%d := func(ctx context.Context) (any, error) {\n", i+1)
		for _, a := range d.Args {
			given := a.Value
			if given == nil {
				given = a.Default
			}
			if given != nil {
				fmt.Fprintf(&b, "%s, err := ec.%s(ctx, %s)\nif err != nil {\nreturn nil, err\n}\n", a.VarName, a.TypeReference.UnmarshalFunc(), templates.Dump(given))
			}
		}
		if !d.IsBuiltIn() {
			fmt.Fprintf(&b, "if %s == nil {\nreturn nil, errors.New(%q)\n}\n", d.CallPath(), "directive "+d.Name+" is not implemented")
		}
		on := "obj"
		if f.Object.Root {
			on = "nil"
		}
		fmt.Fprintf(&b, "return %s(%s)\n}\n", d.CallPath(), d.ResolveArgs(on, i))
	}
	return b.String()
}

// Outermost is the name of the outermost directive's function.
func (f *field) Outermost() string { return fmt.Sprintf("directive%d", len(f.ImplDirectives())) }
