package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const module = "vestibule.example/graph/plan/plantest"

// write writes the schema, what it is bound to, and gqlgen's configuration into a directory, as a package of that name.
func (s *schema) write(dir, pkg, path string) error {
	template, err := filepath.Rel(dir, filepath.Join("resolvers.gotpl"))
	if err != nil {
		return err
	}
	gen, err := filepath.Rel(dir, filepath.Join("..", "..", "..", "..", "internal", "gen"))
	if err != nil {
		return err
	}
	models, err := format.Source([]byte(s.models(pkg, filepath.ToSlash(gen))))
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", pkg, err, s.models(pkg, gen))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"schema.graphqls": s.sdl(), "gqlgen.yml": s.configuration(pkg, path, filepath.ToSlash(template)), "models.go": string(models),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sdl is the schema as GraphQL has it.
func (s *schema) sdl() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made up by graph/plan/plantest/shapes/make of the seed %d.\n", s.seed)
	b.WriteString(`directive @limited(role: String! = "any", levels: [Int!] = [3]) on FIELD_DEFINITION
directive @kept on OBJECT
directive @checked(as: String!) on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
directive @traced on FIELD
`)
	for _, name := range s.scalars {
		fmt.Fprintf(&b, "\nscalar %s\n", name)
	}
	for _, e := range s.enums {
		fmt.Fprintf(&b, "\nenum %s {\n  %s\n}\n", e.name, strings.Join(e.values, "\n  "))
	}
	for _, in := range s.inputs {
		fmt.Fprintf(&b, "\ninput %s {\n", in.name)
		for _, f := range in.fields {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		b.WriteString("}\n")
	}
	for _, a := range s.interfaces {
		fmt.Fprintf(&b, "\ninterface %s%s {\n%s}\n", a.name, implements(a.above), fields(a.fields, false))
	}
	for _, u := range s.unions {
		names := make([]string, len(u.members))
		for i, m := range u.members {
			names[i] = m.name
		}
		fmt.Fprintf(&b, "\nunion %s = %s\n", u.name, strings.Join(names, " | "))
	}
	for _, o := range append(slices.Clone(s.objects), s.roots...) {
		fmt.Fprintf(&b, "\ntype %s%s%s {\n%s}\n", o.name, implements(o.above), o.directive, fields(o.fields, true))
	}
	return b.String()
}

func implements(above []*abstract) string {
	if len(above) == 0 {
		return ""
	}
	names := make([]string, len(above))
	for i, a := range above {
		names[i] = a.name
	}
	return " implements " + strings.Join(names, " & ")
}

func fields(list []*field, directives bool) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString("  " + f.name)
		if len(f.args) > 0 {
			args := make([]string, len(f.args))
			for i, a := range f.args {
				args[i] = a.String()
			}
			b.WriteString("(" + strings.Join(args, ", ") + ")")
		}
		b.WriteString(": " + f.typ.String())
		if directives {
			b.WriteString(f.directive)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (a *argument) String() string { return a.name + ": " + a.typ.String() + a.fallback + a.directive }

// configuration is gqlgen's.
func (s *schema) configuration(pkg, path, template string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Made up by graph/plan/plantest/shapes/make of the seed %d.
schema: [schema.graphqls]
exec: { filename: exec_gen.go, package: %[2]s }
model: { filename: models_gen.go, package: %[2]s }
resolver: { layout: single-file, filename: resolvers_gen.go, package: %[2]s, type: Resolver, resolver_template: %[3]s }
autobind: [%[4]s]
omit_getters: true
omit_complexity: true
skip_mod_tidy: true
skip_validation: true
`, s.seed, pkg, template, path)
	for _, option := range s.options {
		b.WriteString(option + ": true\n")
	}
	b.WriteString(`models:
  ID: { model: [github.com/99designs/gqlgen/graphql.ID] }
  Int: { model: [github.com/99designs/gqlgen/graphql.Int, github.com/99designs/gqlgen/graphql.Int32, github.com/99designs/gqlgen/graphql.Int64] }
  Float: { model: [github.com/99designs/gqlgen/graphql.FloatContext] }
`)
	for _, name := range s.scalars {
		model := module + "." + name
		if name == "Doc" {
			model = "github.com/99designs/gqlgen/graphql.Any"
		}
		fmt.Fprintf(&b, "  %s: { model: [%s] }\n", name, model)
	}
	for _, e := range s.enums {
		if e.numbers {
			fmt.Fprintf(&b, "  %s:\n    model: [%s.%[1]s]\n    enum_values:\n", e.name, path)
			for _, v := range e.values {
				fmt.Fprintf(&b, "      %s: { value: %s.%s }\n", v, path, e.constant(v))
			}
		}
	}
	for _, o := range s.objects {
		var resolved []string
		for _, f := range o.fields {
			switch f.binding {
			case single:
				resolved = append(resolved, fmt.Sprintf("      %s: { resolver: true }\n", f.name))
			case batch:
				resolved = append(resolved, fmt.Sprintf("      %s: { resolver: true, batch: true }\n", f.name))
			}
		}
		if len(resolved) > 0 {
			fmt.Fprintf(&b, "  %s:\n    fields:\n%s", o.name, strings.Join(resolved, ""))
		}
	}
	return b.String()
}

func (e *enum) constant(value string) string {
	return e.name + value[:1] + strings.ToLower(value[1:])
}
