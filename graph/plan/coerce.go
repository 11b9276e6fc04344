package plan

import (
	"context"
	"math"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// coerced is what gqlgen's executor writes of a field in the place of the value: it writes an Int of any size, and any text as an enum's
// value, where the specification wants an error (§3.5.1, §3.9), as plans have it. Whatever else the value is, it is left as it is.
func (s *Schema) coerced(ctx context.Context, fc *graphql.FieldContext, value any) any {
	rule := s.coercion(Coordinate{fc.Object, fc.Field.Name})
	if rule == 0 || rule.fault(reflect.ValueOf(value)) == nil {
		return value
	}
	typ := s.Schema().Types[fc.Object].Fields.ForName(fc.Field.Name).Type // An interface's may be less strict.
	return rule.write(ctx, fc, typ, reflect.ValueOf(value))
}

// coercion is the rule for a field's values, if there is one.
func (s *Schema) coercion(at Coordinate) Coerced {
	if id, known := s.ids[at.Object]; known { // The types of introspection are not.
		if field := s.tables.Objects[id].Fields[at.Field]; field != nil {
			return field.Coerced
		}
	}
	return 0
}

// fault finds what the field's type cannot be in a value, or in a list of values.
func (c Coerced) fault(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return c.fault(v.Elem())
		}
		return nil
	case reflect.Slice:
		for i := range v.Len() {
			if err := c.fault(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case c == CoercedEnum && v.IsValid():
		if named, ok := v.Interface().(interface{ IsValid() bool }); ok && !named.IsValid() {
			return ErrNoValue
		}
	case c == CoercedInt && v.CanInt() && (v.Int() < math.MinInt32 || v.Int() > math.MaxInt32), c == CoercedInt && v.CanUint() && v.Uint() > math.MaxInt32:
		return ErrIntRange
	}
	return nil
}

// write writes values and lists of them, with null and an error in the place of one that the type cannot be, and of the list around a null
// where none may be.
func (c Coerced) write(ctx context.Context, fc *graphql.FieldContext, typ *ast.Type, v reflect.Value) graphql.Marshaler {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
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
			list[i] = c.write(ctx, &graphql.FieldContext{Parent: fc, Index: &i}, typ.Elem, v.Index(i))
			ok = ok && (list[i] != graphql.Null || !typ.Elem.NonNull)
		}
		if !ok {
			return graphql.Null
		}
		return list
	}
	if err := c.fault(v); err != nil {
		graphql.AddError(ctx, placed(fc, err))
		return graphql.Null
	}
	switch {
	case c == CoercedEnum:
		return v.Interface().(graphql.Marshaler) //nolint:forcetypeassert // As gqlgen made it.
	case v.CanUint():
		return graphql.MarshalUint64(v.Uint())
	}
	return graphql.MarshalInt64(v.Int())
}
