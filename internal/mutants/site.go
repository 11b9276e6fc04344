package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// site is one guard.
type site struct {
	id         int
	pkg        string // the package's name
	file       string
	line       int
	function   string
	keyword    string // if, case or field
	condition  string
	number     int // among the function's guards of the same text, from 1; 0 if it is the only one
	start, end int // of the condition or the field's value, in bytes
}

func (s site) String() string {
	file := s.file
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, file); err == nil {
			file = short
		}
	}
	return fmt.Sprintf("%s:%d %s", file, s.line, s.name())
}

// name is what the site is called in its file, without its line, so that an exclusion outlives edits above it.
func (s site) name() string {
	name := s.function + ": " + s.keyword + " " + s.condition
	if s.number > 0 {
		name += fmt.Sprintf(" #%d", s.number)
	}
	return name
}

// key is what an exclusion names the site by.
func (s site) key() string { return s.pkg + "/" + filepath.Base(s.file) + " " + s.name() }

// findSites lists the guards of a file; ids count on from first.
func findSites(file string, source []byte, first int) ([]site, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var sites []site
	add := func(function *ast.FuncDecl, keyword string, shown ast.Node, changed ast.Expr) {
		start, end := set.Position(shown.Pos()), set.Position(shown.End())
		sites = append(sites, site{
			id: first + len(sites), pkg: tree.Name.Name, file: file, line: start.Line, function: functionName(function), keyword: keyword,
			condition: strings.Join(strings.Fields(string(source[start.Offset:end.Offset])), " "),
			start:     set.Position(changed.Pos()).Offset, end: set.Position(changed.End()).Offset,
		})
	}
	for _, decl := range tree.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		// around is the innermost function around a guard.
		var walk func(body ast.Node, around *ast.FuncType)
		walk = func(body ast.Node, around *ast.FuncType) {
			ast.Inspect(body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					walk(n.Body, n.Type)
					return false
				case *ast.IfStmt:
					if refuses(n.Body.List, around) || returns(n.Body.List, around) {
						add(function, "if", n.Cond, n.Cond)
					}
				case *ast.CompositeLit:
					for _, element := range n.Elts {
						if field, ok := element.(*ast.KeyValueExpr); ok && isCookie(n.Type) {
							add(function, "field", field, field.Value)
						}
					}
				case *ast.SwitchStmt:
					if n.Tag != nil {
						return true
					}
					for _, clause := range n.Body.List {
						clause := clause.(*ast.CaseClause)
						if refuses(clause.Body, around) || returns(clause.Body, around) {
							for _, condition := range clause.List {
								add(function, "case", condition, condition)
							}
						}
					}
				}
				return true
			})
		}
		walk(function.Body, function.Type)
	}
	number(sites)
	return sites, nil
}

// number tells a function's guards of the same text apart, in the order of the source.
func number(sites []site) {
	alike := map[string][]int{}
	for i, s := range sites {
		alike[s.name()] = append(alike[s.name()], i)
	}
	for _, group := range alike {
		if len(group) == 1 {
			continue
		}
		slices.SortFunc(group, func(a, b int) int { return cmp.Compare(sites[a].start, sites[b].start) })
		for n, i := range group {
			sites[i].number = n + 1
		}
	}
}

// isCookie tells http.Cookie, each of whose fields guards something.
func isCookie(t ast.Expr) bool {
	selector, ok := t.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Cookie" {
		return false
	}
	id, ok := selector.X.(*ast.Ident)
	return ok && id.Name == "http"
}

// isPredicate tells a function that answers yes or no, or with a text: a reason to refuse, or none.
func isPredicate(f *ast.FuncType) bool {
	if f.Results == nil || len(f.Results.List) != 1 || len(f.Results.List[0].Names) > 1 {
		return false
	}
	return isNamed(f.Results.List[0].Type, "bool") || isNamed(f.Results.List[0].Type, "string")
}

func isNamed(t ast.Expr, name string) bool {
	id, ok := t.(*ast.Ident)
	return ok && id.Name == name
}

// returns tells whether a body ends by returning a constant, or a text that has a name: its condition decides.
func returns(body []ast.Stmt, around *ast.FuncType) bool {
	if len(body) == 0 || !isPredicate(around) {
		return false
	}
	last, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(last.Results) != 1 {
		return false
	}
	switch result := last.Results[0].(type) {
	case *ast.Ident:
		return result.Name == "true" || result.Name == "false" || isNamed(around.Results.List[0].Type, "string")
	case *ast.BasicLit:
		return true
	}
	return false
}

func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

var (
	refusal   = regexp.MustCompile(`(?i)^(refuse|problem|deny|reject|fail|fault|misdirected|unauthori[sz]ed|forbid)`)
	ending    = regexp.MustCompile(`^(end|close|cancel|abort)$`)
	closeCode = regexp.MustCompile(`^close[A-Z]\w+$`)
	errorName = regexp.MustCompile(`^(err|Err)([A-Z].*)?$|Error$`)
	status4xx = regexp.MustCompile(`^Status(BadRequest|Unauthorized|Forbidden|NotFound|MethodNotAllowed|NotAcceptable|Conflict|Gone|RequestEntityTooLarge|RequestURITooLong|UnsupportedMediaType|MisdirectedRequest|UnprocessableEntity|TooManyRequests)$`)
)

// refuses tells whether a body, in a function of this type, returns an error, answers with a 4xx, closes a socket, or passes
// over one of several. Function literals inside do not count: they run another time.
func refuses(body []ast.Stmt, around *ast.FuncType) bool {
	found := false
	ast.Inspect(&ast.BlockStmt{List: body}, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BranchStmt:
			found = found || n.Tok == token.CONTINUE
		case *ast.ReturnStmt:
			found = found || returnsError(n.Results, around)
		case *ast.CallExpr:
			called := calledName(n)
			found = found || refusal.MatchString(called) || ending.MatchString(called) && slices.ContainsFunc(n.Args, isError)
		case *ast.SelectorExpr:
			found = found || status4xx.MatchString(n.Sel.Name)
		case *ast.Ident:
			found = found || closeCode.MatchString(n.Name)
		}
		return !found
	})
	return found
}

// returnsError tells whether what is returned is plainly an error, by its looks or since the function's last result is one.
func returnsError(results []ast.Expr, around *ast.FuncType) bool {
	if slices.ContainsFunc(results, isError) {
		return true
	}
	if len(results) == 0 || around.Results == nil {
		return false
	}
	if !isNamed(around.Results.List[len(around.Results.List)-1].Type, "error") {
		return false
	}
	switch last := results[len(results)-1].(type) {
	case *ast.Ident:
		return last.Name != "nil"
	case *ast.UnaryExpr, *ast.CompositeLit:
		return true
	case *ast.CallExpr:
		return len(results) > 1 // One call alone may be the work itself.
	}
	return false
}

// isError tells whether an expression is plainly an error: a name of one, or a call that makes one.
func isError(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return errorName.MatchString(e.Name)
	case *ast.SelectorExpr:
		return errorName.MatchString(e.Sel.Name)
	case *ast.UnaryExpr:
		return isError(e.X)
	case *ast.CompositeLit:
		return e.Type != nil && isError(e.Type)
	case *ast.CallExpr:
		called := calledName(e)
		return called == "Errorf" || refusal.MatchString(called) || errorName.MatchString(called) || called == "New" && isPackage(e, "errors") || called == "Join"
	}
	return false
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func isPackage(call *ast.CallExpr, pkg string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := selector.X.(*ast.Ident)
	return ok && id.Name == pkg
}
