package plan

import (
	"context"
	"math"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// coerced is what gqlgen's executor writes of a field in the place of the value: it writes an Int of any size, where the
// specification wants an error (§3.5.1), as plans have it. Whatever else the value is, it is left as it is.
func (s *Schema) coerced(ctx context.Context, fc *graphql.FieldContext, value any) any {
	if !s.isInt(Coordinate{fc.Object, fc.Field.Name}) || fitsInt(reflect.ValueOf(value)) {
		return value
	}
	typ := s.Schema().Types[fc.Object].Fields.ForName(fc.Field.Name).Type // An interface's may be less strict.
	return coerceInt(ctx, fc, typ, reflect.ValueOf(value))
}

// isInt tells a field whose value is written as the integer that it is.
func (s *Schema) isInt(at Coordinate) bool {
	id, known := s.ids[at.Object] // The types of introspection are not.
	return known && s.tables.Objects[id].Fields[at.Field] != nil && s.tables.Objects[id].Fields[at.Field].Int
}

// fitsInt tells a value, or a list, that holds no integer beyond 32 bits.
func fitsInt(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || fitsInt(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !fitsInt(v.Index(i)) {
				return false
			}
		}
	}
	switch {
	case v.CanInt():
		return math.MinInt32 <= v.Int() && v.Int() <= math.MaxInt32
	case v.CanUint():
		return v.Uint() <= math.MaxInt32
	}
	return true
}

// coerceInt writes integers and lists of them, with null and an error in the place of one that is too large, and of the list around a null
// where none may be.
func coerceInt(ctx context.Context, fc *graphql.FieldContext, typ *ast.Type, v reflect.Value) graphql.Marshaler {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	ctx = within(ctx, fc)
	ctx = within(ctx, fc)
	switch {
	case v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice && v.IsNil() && !typ.NonNull:
		if typ.NonNull {
			graphql.AddInvalidNullFromMarshaler(ctx, typ.String())
		}
		return graphql.Null
	case v.Kind() == reflect.Slice:
		list, ok := make(graphql.Array, v.Len()), true
		for i := range list {
			list[i] = coerceInt(ctx, &graphql.FieldContext{Parent: fc, Index: &i}, typ.Elem, v.Index(i))
			ok = ok && (list[i] != graphql.Null || !typ.Elem.NonNull)
		}
		if !ok {
			return graphql.Null
		}
		return list
	case !fitsInt(v):
		graphql.AddError(ctx, placed(fc, ErrIntRange))
		return graphql.Null
	case v.CanUint():
		return graphql.MarshalUint64(v.Uint())
	}
	return graphql.MarshalInt64(v.Int())
}
