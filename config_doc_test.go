package main

import (
	"fmt"
	"reflect"
	"strings"
)

// configurationDoc is docs/configuration.md, made of the configuration's own types.
func configurationDoc() string {
	var b strings.Builder
	b.WriteString(`<!-- Generated from config.go by ` + "`go test -run TestConfigurationDoc -update .`" + `; DO NOT EDIT. -->
# Configuration

One YAML file, named by ` + "`-config`" + ` or ` + "`VESTIBULE_CONFIG`" + `. Every key can also be set by an environment variable. A flag overrides a variable, a variable overrides
the file, and the file overrides the default.

- A duration is written ` + "`500ms`, `30s`, `5m` or `12h`" + `.
- A list is a YAML list; in a variable its elements are divided by commas.
- ` + "`name=value`" + ` is a YAML mapping; in a variable it is pairs, divided by commas.
- A secret can be read from a file: append ` + "`_file`" + ` to its key, or ` + "`_FILE`" + ` to its variable.

With an unknown key or variable, or any other fault, the gateway does not start, and all faults are named at once. ` + "`vestibule check`" + ` names them without starting.

The demo starts when nothing is set but addresses, on loopback. You can also try out settings of its APIs (` + "`VESTIBULE_APIS_CATALOG_CACHE_MAX_BYTES`" + `), and name an API that you have added
(` + "`VESTIBULE_APIS_REVIEWS_BASE_URL`" + `).

| flag | meaning |
|---|---|
| ` + "`-config FILE`" + ` | the YAML file |
| ` + "`-address HOST:PORT`" + ` | ` + "`server.address`" + ` |
| ` + "`-dev`" + ` | ` + "`mode: development`" + ` |

The smallest production configuration:

` + "```yaml" + `
server:
  public_url: https://shop.example.com
identity:
  issuer: https://login.example.com/
  client_id: vestibule
  client_secret_file: /run/secrets/client_secret
session:
  keys:
    - use: seal
      secret_file: /run/secrets/session_key
apis:
  accounts: {base_url: https://accounts.internal.example.com}
  catalog: {base_url: https://catalog.internal.example.com}
  orders: {base_url: https://orders.internal.example.com}
  shipping: {base_url: https://shipping.internal.example.com}
` + "```" + `
`)
	docTable(&b, reflect.TypeFor[Config](), "", "VESTIBULE")
	settings(reflect.ValueOf(Config{}), func(field reflect.StructField, _ reflect.Value, key string) {
		t := field.Type
		path, variable := key, "VESTIBULE_"+strings.ToUpper(key)
		if t.Kind() == reflect.Map {
			t, path, variable = t.Elem(), key+".NAME", variable+"_NAME"
		}
		if isGroup(t) {
			fmt.Fprintf(&b, "\n## `%s`\n\n%s\n", path, field.Tag.Get("doc"))
			docTable(&b, t, path, variable)
		}
	})
	return b.String()
}

// docTable writes the table of one settings struct.
func docTable(b *strings.Builder, t reflect.Type, path, variable string) {
	b.WriteString("\n| key | variable | type | default | meaning |\n|---|---|---|---|---|\n")
	docRows(b, t, path, variable)
}

// docRows writes the rows of a settings struct's keys. The groups at the top have tables of their own.
func docRows(b *strings.Builder, t reflect.Type, path, variable string) {
	settings(reflect.New(t).Elem(), func(field reflect.StructField, _ reflect.Value, key string) {
		name := variable + "_" + strings.ToUpper(key)
		if isGroup(field.Type) || field.Type.Kind() == reflect.Map && isGroup(field.Type.Elem()) {
			if path != "" {
				docRows(b, field.Type, join(path, key), name)
			}
			return
		}
		doc := field.Tag.Get("doc")
		if enum := field.Tag.Get("enum"); enum != "" {
			doc += " One of `" + strings.ReplaceAll(enum, " ", "`, `") + "`."
		}
		if example := field.Tag.Get("example"); example != "" {
			doc += " Example: `" + example + "`."
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s |\n", join(path, key), name, typeName(field.Type), codeOrNone(field.Tag.Get("default")), doc)
	})
}

func codeOrNone(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func typeName(t reflect.Type) string {
	switch {
	case t == secretType:
		return "secret"
	case t == durationType:
		return "duration"
	case t == prefixType:
		return "network"
	case t.Kind() == reflect.Slice && isGroup(t.Elem()):
		var keys []string
		settings(reflect.New(t.Elem()).Elem(), func(_ reflect.StructField, _ reflect.Value, key string) { keys = append(keys, key) })
		return "list of `" + strings.Join(keys, "`, `") + "`"
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem())
	case t.Kind() == reflect.Map:
		return "name=value"
	case t.Kind() == reflect.Int:
		return "number"
	case t.Kind() == reflect.Bool:
		return "true, false"
	}
	return "text"
}
