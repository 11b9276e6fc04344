package main

import (
	"reflect"
	"slices"
	"strings"

	"vestibule.example/internal/nearest"
)

// environment reads the variables that are set. A variable that fits no key is a fault.
func (l *loader) environment(cfg *Config, set []string) {
	names := map[string]bool{"VESTIBULE_CONFIG": true, "VESTIBULE_DEMO_ADDRESS": true}
	l.variables(reflect.ValueOf(cfg).Elem(), "VESTIBULE", "", names)
	l.apiVariables(cfg, set, names)
	all := sortedKeys(names)
	for _, name := range set {
		if names[name] {
			continue
		}
		rule := "there is no such variable"
		if like := nearest.To(name, all); like != "" {
			rule += "; did you mean " + like + "?"
		}
		l.fault(name, "", rule, "")
	}
}

// variables sets what the environment has for a settings struct, and collects the names that there are.
func (l *loader) variables(v reflect.Value, prefix, path string, names map[string]bool) {
	settings(v, func(field reflect.StructField, value reflect.Value, key string) {
		variable, at := prefix+"_"+strings.ToUpper(key), join(path, key)
		if isGroup(field.Type) {
			l.variables(value, variable, at, names)
			return
		}
		if field.Type.Kind() == reflect.Map && isGroup(field.Type.Elem()) {
			return
		}
		names[variable] = true
		if text := l.getenv(variable); text != "" {
			l.seen[at] = variable
			if err := setText(value, text); err != nil {
				l.fault(at, shown(value, text), err.Error(), "")
			}
		}
		if field.Type != secretType {
			return
		}
		names[variable+"_FILE"] = true
		if name := l.getenv(variable + "_FILE"); name != "" {
			l.seen[at] = variable + "_FILE"
			if l.getenv(variable) != "" {
				l.fault(at, "", variable+" and "+variable+"_FILE are both set", "")
				return
			}
			l.secretFile(value, name, at)
		}
	})
}

// apiVariables sets apis from VESTIBULE_APIS_{NAME}_{KEY}; the name may have underscores, the longest key wins.
func (l *loader) apiVariables(cfg *Config, set []string, names map[string]bool) {
	keys := variableKeys(reflect.ValueOf(APIConfig{}))
	slices.SortFunc(keys, func(a, b string) int { return len(b) - len(a) })
	done := map[string]bool{}
	for _, variable := range set {
		rest, ok := strings.CutPrefix(variable, "VESTIBULE_APIS_")
		if !ok {
			continue
		}
		for _, key := range keys {
			name, ok := strings.CutSuffix(rest, "_"+key)
			if !ok || name == "" {
				continue
			}
			id := strings.ToLower(name)
			names[variable] = true
			if !done[id] {
				done[id] = true
				l.oneAPI(cfg, id, "VESTIBULE_APIS_"+name, names)
			}
			break
		}
	}
}

// variableKeys are the keys of a settings struct as variables end in them, those of its groups among them.
func variableKeys(v reflect.Value) (keys []string) {
	settings(v, func(field reflect.StructField, value reflect.Value, key string) {
		key = strings.ToUpper(key)
		if !isGroup(field.Type) {
			keys = append(keys, key)
			return
		}
		for _, inner := range variableKeys(value) {
			keys = append(keys, key+"_"+inner)
		}
	})
	return keys
}

// oneAPI sets one API from the variables that begin with prefix, over what the file says of it.
func (l *loader) oneAPI(cfg *Config, id, prefix string, names map[string]bool) {
	api, there := cfg.APIs[id]
	if !there {
		l.defaults(&api)
	}
	l.variables(reflect.ValueOf(&api).Elem(), prefix, "apis."+id, names)
	if cfg.APIs == nil {
		cfg.APIs = map[string]APIConfig{}
	}
	cfg.APIs[id] = api
}
