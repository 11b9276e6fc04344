package restgen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// site is a place in the package's source that finds a fault.
type site struct {
	place string
	rule  string // empty where the source has it in a variable
	says  *regexp.Regexp
}

// covers tells whether a fault may be of this place.
func (s site) covers(f *Fault) bool {
	return (s.rule == "" || s.rule == f.Rule) && s.says.MatchString(f.Message)
}

var verb = regexp.MustCompile(`%[a-z]`)

// sites are all such places: what is told by faults.at and warnings.at, why something is not non-null, and what is wrong with a template
// or a document.
func sites(t *testing.T) []site {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var all []site
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "propose") {
			continue // What add-api says is not about a schema.
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			place := set.Position(call.Pos()).String()
			switch of, _ := function.X.(*ast.Ident); {
			case function.Sel.Name == "at" && len(call.Args) >= 3:
				all = append(all, site{place, literal(call.Args[1]), saying(literal(call.Args[2]))})
			case function.Sel.Name == "nonNull":
				all = append(all, site{place, "non-null", saying("%s, but " + literal(call.Args[3]) + ": want %s")})
			case of != nil && of.Name == "fmt" && function.Sel.Name == "Errorf" && name == "template.go":
				all = append(all, site{place, "template", saying(literal(call.Args[0]))})
			case of != nil && of.Name == "fmt" && function.Sel.Name == "Errorf" && name == "document.go":
				all = append(all, site{place, "api-unknown", saying("%s" + literal(call.Args[0]) + "%s")})
			}
			return true
		})
	}
	return all
}

// literal is a text of the source; what stands beside it in a sum may be anything.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return text
		}
	case *ast.BinaryExpr:
		return part(e.X) + part(e.Y)
	}
	return ""
}

func part(e ast.Expr) string {
	if text := literal(e); text != "" {
		return text
	}
	return "%s"
}

// saying matches what a format makes.
func saying(format string) *regexp.Regexp {
	words := verb.Split(format, -1)
	for i, text := range words {
		words[i] = regexp.QuoteMeta(text)
	}
	return regexp.MustCompile("(?s)^" + strings.Join(words, ".*") + "$")
}
