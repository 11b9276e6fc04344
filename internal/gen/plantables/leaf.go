package plantables

import (
	"fmt"
	"go/types"
	"path/filepath"

	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// direct are gqlgen's scalars that the writer has a method for, with the conversion that the method's argument takes. An integer
// that the schema calls Int must be one; those of other scalars are of any size.
func direct(scalar string, marshal *types.Func) (method, conversion string) {
	if marshal.Pkg() == nil || marshal.Pkg().Path() != "github.com/99designs/gqlgen/graphql" {
		return "", ""
	}
	switch marshal.Name() {
	case "MarshalString", "MarshalID":
		return "String", "string"
	case "MarshalInt", "MarshalInt8", "MarshalInt16", "MarshalInt32", "MarshalInt64":
		if scalar == "Int" {
			return "Int", "int64"
		}
		return "Int64", "int64"
	case "MarshalUint", "MarshalUint8", "MarshalUint16", "MarshalUint32", "MarshalUint64":
		if scalar == "Int" {
			return "Uint", "uint64"
		}
		return "Uint64", "uint64"
	case "MarshalBoolean":
		return "Bool", "bool"
	case "MarshalFloat", "MarshalFloatContext":
		return "Float", "float64"
	}
	return "", ""
}

// Write is the statement that writes v, which is not nil, and returns whether it is something else than null.
func (v *value) Write() string {
	if v.IsMarshaler {
		return v.writeItself()
	}
	expression := "v"
	switch {
	case v.IsTargetNilable() && !v.IsNilable():
		expression = "&v"
	case !v.IsTargetNilable() && v.IsNilable():
		expression = "*v"
	}
	switch {
	case v.HasEnumValues() && isString(v.Marshaler):
		return fmt.Sprintf("return w.Enum(%s[%s])", v.EnumMarshalVar(false), expression)
	case v.HasEnumValues():
		expression = fmt.Sprintf("%s[%s]", v.EnumMarshalVar(false), expression)
	case v.CastType != nil:
		expression = fmt.Sprintf("%s(%s)", templates.CurrentImports.LookupType(v.CastType), expression)
	}
	if method, conversion := direct(v.Definition.Name, v.Marshaler); method != "" {
		if !types.Identical(v.Marshaler.Signature().Params().At(0).Type(), types.Universe.Lookup(conversion).Type()) {
			expression = conversion + "(" + expression + ")"
		}
		return fmt.Sprintf("return w.%s(%s)", method, expression)
	}
	if form := appendForm(v.Marshaler); form != nil {
		return fmt.Sprintf("w.B = %s(w.B, %s)\n\treturn true", templates.Call(form), expression)
	}
	method := "Marshal"
	if v.IsContext {
		method = "MarshalContext"
	}
	return fmt.Sprintf("return w.%s(%s(%s))", method, templates.Call(v.Marshaler), expression)
}

func isString(marshal *types.Func) bool {
	method, _ := direct("", marshal)
	return method == "String"
}

// writeItself writes a type that has gqlgen's marshaling methods. Those of an enum that gqlgen made write any text, which is an enum's value only if
// it is one of the schema's.
func (v *value) writeItself() string {
	if v.isMadeEnum() {
		name := "v"
		if v.IsNilable() {
			name = "*v"
		}
		return fmt.Sprintf("return w.Named(string(%s), v.IsValid())", name)
	}
	if v.IsContext {
		return "return w.MarshalContext(v)"
	}
	return "return w.Marshal(v)"
}

// isMadeEnum tells an enum whose Go type gqlgen made.
func (v *value) isMadeEnum() bool {
	return v.Definition.Kind == ast.Enum && v.IsMarshaler && v.madeByGqlgen()
}

// madeByGqlgen tells a type that is declared in the file of gqlgen's generated models.
func (v *value) madeByGqlgen() bool {
	t := types.Unalias(v.GO)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, ok := t.(*types.Named)
	cfg := v.tables.Config
	if !ok || !cfg.Model.IsDefined() || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != cfg.Model.ImportPath() || !types.Identical(named.Underlying(), types.Typ[types.String]) {
		return false
	}
	pkg := cfg.Packages.Load(cfg.Model.ImportPath())
	return pkg != nil && filepath.Base(pkg.Fset.Position(named.Obj().Pos()).Filename) == filepath.Base(cfg.Model.Filename)
}
