package restgen

import (
	"path/filepath"
	"strings"

	_ "embed"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed calls.gotpl
var callsTemplate string

// Plugin is gqlgen's side of a plan. It must come before gqlgen's own plugins, which make models of what is not bound.
type Plugin struct{ plan *Plan }

// Plugin gives the plugin.
func (p *Plan) Plugin() Plugin { return Plugin{p} }

// Name implements gqlgen's plugin.Plugin.
func (Plugin) Name() string { return "restgen" }

// InjectSourcesEarly gives gqlgen the directives.
func (Plugin) InjectSourcesEarly() ([]*ast.Source, error) { return []*ast.Source{Definitions()}, nil }

// MutateConfig binds the schema's types to those of the APIs' packages, and makes resolvers of the fields that call.
func (g Plugin) MutateConfig(cfg *config.Config) error {
	for _, name := range []string{"rest", "load", "page", "json", "keep"} {
		cfg.Directives[name] = config.DirectiveConfig{SkipRuntime: true}
	}
	for name, o := range g.plan.objects {
		entry := cfg.Models[name]
		entry.Model = config.StringList{g.plan.packagePath(o.api) + "." + name}
		cfg.Models[name] = entry
		for _, m := range o.members {
			if m.isMethod() && m.field != nil && !cfg.Models[name].Fields[m.field.Name].Resolver {
				setField(cfg, name, m.field.Name, func(f *config.TypeMapField) { f.FieldName = m.name })
			}
			for _, other := range m.also {
				setField(cfg, name, other, func(f *config.TypeMapField) { f.FieldName = m.name })
			}
		}
	}
	for name, e := range g.plan.enums {
		pkg := g.plan.packagePath(e.api)
		entry := cfg.Models[name]
		entry.Model, entry.EnumValues = config.StringList{pkg + "." + name}, map[string]config.EnumValue{}
		for value := range e.values {
			entry.EnumValues[value] = config.EnumValue{Value: pkg + "." + e.constant(value)}
		}
		cfg.Models[name] = entry
	}
	batch := true
	for _, c := range g.plan.calls {
		if c.field == nil {
			continue
		}
		setField(cfg, c.owner.Name, c.field.Name, func(f *config.TypeMapField) {
			if f.Resolver = true; c.batch != nil {
				f.Batch = &batch
			}
		})
	}
	for _, l := range g.plan.loads {
		setField(cfg, l.owner.Name, l.field.Name, func(f *config.TypeMapField) {
			if f.Resolver = true; l.key.member != nil {
				f.Batch = &batch
			}
		})
	}
	return nil
}

func setField(cfg *config.Config, typ, field string, change func(*config.TypeMapField)) {
	entry := cfg.Models[typ]
	fields := map[string]config.TypeMapField{}
	for name, f := range entry.Fields {
		fields[name] = f
	}
	f := fields[field]
	change(&f)
	fields[field] = f
	entry.Fields = fields
	cfg.Models[typ] = entry
}

// Implement gives the resolver's body: for a field that calls, the call of what is generated.
func (g Plugin) Implement(previous string, field *codegen.Field) string {
	name := field.Object.Name + "." + field.Name
	if g.plan.calls[name] == nil && g.plan.loads[name] == nil {
		if previous == "" {
			return `panic("not implemented")`
		}
		return g.plan.left(previous)
	}
	return "return r." + function(field) + "(" + strings.Join(arguments(field), ", ") + ")"
}

// function is the name of what makes a call.
func function(field *codegen.Field) string { return "rest" + field.Object.Name + field.GoFieldName }

// arguments are those that the function is called with.
func arguments(field *codegen.Field) []string {
	names := []string{"ctx"}
	switch {
	case field.IsBatch():
		names = append(names, "objs")
	case !field.Object.Root:
		names = append(names, "obj")
	}
	for _, a := range field.Args {
		names = append(names, a.VarName)
	}
	return names
}

// GenerateCode writes rest_gen.go beside the resolvers.
func (g Plugin) GenerateCode(data *codegen.Data) error {
	e := &emitter{plan: g.plan, data: data}
	for _, o := range data.Objects {
		for _, f := range o.Fields {
			name := o.Name + "." + f.Name
			if c := g.plan.calls[name]; c != nil && c.field != nil {
				e.Calls = append(e.Calls, &emitted{c, withMarks(f, "first", "after"), e})
			}
			if l := g.plan.loads[name]; l != nil {
				e.Loads = append(e.Loads, &loading{l, withMarks(f), e})
			}
		}
	}
	if err := e.needLeft(data.Config.Resolver.Dir()); err != nil {
		return err
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Resolver.Package,
		Filename:        filepath.Join(data.Config.Resolver.Dir(), generatedFile),
		Template:        callsTemplate,
		Data:            e,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}
