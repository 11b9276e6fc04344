package restgen

import (
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
)

// A schema's argument may be called query, or url, as variables and packages of what is generated are. So arguments are written with a
// mark, and get their own names, or others, when it is known what else a function speaks of.
const mark = "arg__"

var (
	marked  = regexp.MustCompile(`\b` + mark + `(\w+)\b`)
	renamed = regexp.MustCompile(`\bgiven([A-Z]\w*)\b`)
)

// withMarks is the field with marks at its arguments' names, but for those that are spoken of by their names, as a page's are.
func withMarks(f *codegen.Field, without ...string) *codegen.Field {
	out := *f
	out.Args = make([]*codegen.FieldArgument, len(f.Args))
	for i, a := range f.Args {
		arg := *a
		if !slices.Contains(without, arg.VarName) {
			arg.VarName = mark + arg.VarName
		}
		out.Args[i] = &arg
	}
	return &out
}

// withoutMarks gives the arguments in a text their names, or where the function's body speaks of something else by such a name, "given" and it.
func withoutMarks(text, body string) string {
	spoken := identifiers(body)
	return marked.ReplaceAllStringFunc(text, func(argument string) string {
		name := strings.TrimPrefix(argument, mark)
		if spoken[name] {
			return "given" + strings.ToUpper(name[:1]) + name[1:]
		}
		return name
	})
}

// identifiers are those that statements speak of, without fields and methods.
func identifiers(statements string) map[string]bool {
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile("", set.Base(), len(statements)), []byte(statements), nil, 0)
	found, before := map[string]bool{"ctx": true, "r": true, "obj": true, "objs": true}, token.ILLEGAL
	for {
		_, tok, text := s.Scan()
		if tok == token.EOF {
			return found
		}
		if tok == token.IDENT && before != token.PERIOD {
			found[text] = true
		}
		before = tok
	}
}

// inResolver are statements of ours in a resolver's body, whose arguments have their own names: in a block, which may call other things so.
func inResolver(body string) string {
	var lines strings.Builder
	seen := map[string]bool{}
	for _, m := range renamed.FindAllStringSubmatch(body, -1) {
		if name := m[1]; !seen[name] {
			seen[name] = true
			lines.WriteString(m[0] + " := " + strings.ToLower(name[:1]) + name[1:] + "\n")
		}
	}
	if len(seen) == 0 {
		return body
	}
	return lines.String() + "{\n" + body + "\n}"
}
