package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"vestibule.example/auth/secret"
	"vestibule.example/internal/nearest"
)

// loader reads settings from several places into a Config and collects what is wrong with them.
type loader struct {
	getenv func(string) string
	// seen says where a key was set: file:line or a variable's name.
	seen   map[string]string
	faults []fault
	// unreadable is set when the file could not be read at all: rules about what it lacks would only mislead.
	unreadable bool
}

// maxSecretFile bounds a secret file, in bytes.
const maxSecretFile = 64 << 10

var (
	secretType   = reflect.TypeFor[secret.Text]()
	durationType = reflect.TypeFor[time.Duration]()
	prefixType   = reflect.TypeFor[netip.Prefix]()
)

// settings calls each for every field of a settings struct that has a key. A settings struct is [Config] or one below it, such as
// [ServerConfig]: what the configuration shows as a group of keys.
func settings(v reflect.Value, each func(field reflect.StructField, value reflect.Value, key string)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if key := field.Tag.Get("key"); key != "" && key != "-" {
			each(field, v.Field(i), key)
		}
	}
}

// isGroup tells a settings struct from the structs that are one value.
func isGroup(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != secretType && t != prefixType
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// defaults sets every key's default.
func (l *loader) defaults(into any) {
	settings(reflect.ValueOf(into).Elem(), func(field reflect.StructField, value reflect.Value, _ string) {
		if isGroup(field.Type) {
			l.defaults(value.Addr().Interface())
			return
		}
		if text := field.Tag.Get("default"); text != "" {
			if err := setText(value, text); err != nil {
				panic(fmt.Sprintf("default of %s: %v", field.Name, err)) // A test loads the defaults.
			}
		}
	})
}

// setText sets a value from one line of text, as a variable or a scalar has it.
func setText(v reflect.Value, text string) error {
	switch {
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(secret.New(text)))
		return nil
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("want a duration with its unit, ms, s, m or h")
		}
		v.SetInt(int64(d))
		return nil
	case v.Type() == prefixType:
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return errors.New("want a network in CIDR notation")
		}
		v.Set(reflect.ValueOf(p))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("want true or false")
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("want a whole number")
		}
		v.SetInt(int64(n))
	case reflect.Slice:
		return setList(v, strings.Split(text, ","))
	case reflect.Map:
		return setMap(v, strings.Split(text, ","))
	default:
		return fmt.Errorf("cannot be set from text (%s)", v.Type())
	}
	return nil
}

func setList(v reflect.Value, texts []string) error {
	list := reflect.MakeSlice(v.Type(), 0, len(texts))
	for _, text := range texts {
		element := reflect.New(v.Type().Elem()).Elem()
		if group, ok := element.Addr().Interface().(interface{ setText(string) error }); ok {
			if err := group.setText(strings.TrimSpace(text)); err != nil {
				return err
			}
		} else if err := setText(element, strings.TrimSpace(text)); err != nil {
			return err
		}
		list = reflect.Append(list, element)
	}
	v.Set(list)
	return nil
}

func setMap(v reflect.Value, pairs []string) error {
	m := reflect.MakeMap(v.Type())
	for _, pair := range pairs {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return errors.New("want name=value, several divided by commas")
		}
		m.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(value))
	}
	v.Set(m)
	return nil
}

var errSecondDocument = errors.New("it has a second document, behind a line ---, which nobody would read")

// yaml reads a file's text into cfg.
func (l *loader) yaml(cfg *Config, name string, text []byte) {
	top, err := document(text)
	if err != nil {
		rule := "the file is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
		if errors.Is(err, errSecondDocument) {
			rule = err.Error()
		}
		l.unreadable = true
		l.faults = append(l.faults, fault{key: name, rule: rule, example: "mode: production"})
		return
	}
	if top != nil {
		l.group(reflect.ValueOf(cfg).Elem(), top, "", name)
	}
}

// document gives the one document of a text; nil if the text is empty or has only comments.
func document(text []byte) (*yaml.Node, error) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var first *yaml.Node
	for {
		var node yaml.Node
		switch err := documents.Decode(&node); {
		case errors.Is(err, io.EOF):
			return first, nil
		case err != nil:
			return nil, err
		case first != nil:
			return nil, errSecondDocument
		}
		first = node.Content[0]
	}
}

// group reads a mapping into a settings struct.
func (l *loader) group(v reflect.Value, node *yaml.Node, path, name string) {
	node = resolve(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		l.at(path, name, node)
		l.fault(orTop(path), "", "want keys and values here", "")
		return
	}
	known := map[string]reflect.Value{}
	var names []string
	settings(v, func(_ reflect.StructField, value reflect.Value, key string) {
		known[key] = value
		names = append(names, key)
	})
	used := map[string]bool{}
	files := map[string]string{} // The keys that name secrets' files, by the secrets' own.
	for i := 0; i+1 < len(node.Content); i += 2 {
		keyNode, valueNode := node.Content[i], node.Content[i+1]
		key := join(path, keyNode.Value)
		l.at(key, name, keyNode)
		if used[keyNode.Value] {
			l.fault(key, "", "the key is there twice", "")
			continue
		}
		used[keyNode.Value] = true
		if value, ok := known[keyNode.Value]; ok {
			l.value(value, valueNode, key, name)
			continue
		}
		if plain, isFile := strings.CutSuffix(keyNode.Value, "_file"); isFile && known[plain].IsValid() && known[plain].Type() == secretType {
			files[plain] = key
			l.secretFile(known[plain], valueNode.Value, key)
			continue
		}
		rule := "there is no such key"
		if like := nearest.To(keyNode.Value, names); like != "" {
			rule += fmt.Sprintf("; did you mean %q?", join(path, like))
		}
		l.fault(key, "", rule, "")
	}
	for _, plain := range sortedKeys(files) {
		if used[plain] {
			l.fault(files[plain], "", join(path, plain)+" is set too; the secret comes from one of them", "")
		}
	}
}

// value reads the value of one key, whatever its type.
func (l *loader) value(v reflect.Value, node *yaml.Node, key, name string) {
	node = resolve(node)
	switch {
	case isGroup(v.Type()):
		l.group(v, node, key, name)
	case v.Kind() == reflect.Map && isGroup(v.Type().Elem()):
		l.groups(v, node, key, name)
	case v.Kind() == reflect.Slice && isGroup(v.Type().Elem()):
		l.list(v, node, key, name)
	case node.Kind == yaml.ScalarNode:
		if err := setText(v, node.Value); err != nil {
			l.fault(key, shown(v, node.Value), err.Error(), "")
		}
	case node.Kind == yaml.SequenceNode && v.Kind() == reflect.Slice:
		var texts []string
		for _, element := range node.Content {
			element = resolve(element)
			if element.Kind != yaml.ScalarNode {
				l.fault(key, "", "want texts in the list, nothing deeper", "")
				return
			}
			texts = append(texts, element.Value)
		}
		if err := setList(v, texts); err != nil {
			l.fault(key, strings.Join(texts, ", "), err.Error(), "")
		}
	case node.Kind == yaml.MappingNode && v.Kind() == reflect.Map:
		l.texts(v, node, key)
	default:
		l.fault(key, "", "the value has the wrong shape", "")
	}
}

// texts reads a mapping of names to texts, such as headers.
func (l *loader) texts(v reflect.Value, node *yaml.Node, key string) {
	m := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(node.Content); i += 2 {
		value := resolve(node.Content[i+1])
		if value.Kind != yaml.ScalarNode {
			l.fault(key, node.Content[i].Value, "want a text behind each name, nothing deeper", "")
			return
		}
		m.SetMapIndex(reflect.ValueOf(node.Content[i].Value), reflect.ValueOf(value.Value))
	}
	v.Set(m)
}

// groups reads a mapping of names to settings structs, such as apis.
func (l *loader) groups(v reflect.Value, node *yaml.Node, key, name string) {
	if node.Kind != yaml.MappingNode {
		l.fault(key, "", "want names with settings", "")
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		id := node.Content[i].Value
		path := join(key, id)
		l.at(path, name, node.Content[i])
		if v.MapIndex(reflect.ValueOf(id)).IsValid() {
			l.fault(path, "", "the name is there twice", "")
			continue
		}
		element := reflect.New(v.Type().Elem())
		l.defaults(element.Interface())
		l.group(element.Elem(), node.Content[i+1], path, name)
		v.SetMapIndex(reflect.ValueOf(id), element.Elem())
	}
}

// list reads a list of settings structs, such as session.keys.
func (l *loader) list(v reflect.Value, node *yaml.Node, key, name string) {
	if node.Kind != yaml.SequenceNode {
		l.fault(key, "", "want a list", "")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content))
	for i, element := range node.Content {
		path := fmt.Sprintf("%s[%d]", key, i)
		l.at(path, name, element)
		l.group(list.Index(i), element, path, name)
	}
	v.Set(list)
}

// resolve follows a YAML alias to the node it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

// at notes where a key stands, for faults.
func (l *loader) at(key, name string, node *yaml.Node) {
	l.seen[key] = fmt.Sprintf("%s:%d", name, node.Line)
}

func orTop(path string) string {
	if path == "" {
		return "(top)"
	}
	return path
}

// shown is a value for a fault's text, unless it is a secret's.
func shown(v reflect.Value, text string) string {
	if v.Type() == secretType || v.Kind() == reflect.Slice && isGroup(v.Type().Elem()) {
		return ""
	}
	return text
}

// secretFile reads a secret from a file, without the line end that editors add.
func (l *loader) secretFile(v reflect.Value, name, key string) {
	text, err := readFile(name, maxSecretFile)
	if err != nil {
		l.fault(key, name, "the secret file cannot be read: "+withoutName(err).Error(), "/run/secrets/"+strings.TrimSuffix(key[strings.LastIndexByte(key, '.')+1:], "_file"))
		return
	}
	content := strings.TrimRight(string(text), "\r\n")
	if content == "" {
		l.fault(key, name, "the secret file is empty", "")
		return
	}
	v.Set(reflect.ValueOf(secret.New(content)))
}
