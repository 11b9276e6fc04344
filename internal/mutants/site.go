package main

import (
	"bufio"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// site is one guard.
type site struct {
	id         int
	file       string
	line       int
	function   string
	condition  string
	start, end int // of the condition, in bytes
}

func (s site) String() string {
	return fmt.Sprintf("%s:%d %s: if %s", s.file, s.line, s.function, s.condition)
}

// key names the site without its line, so that an exclusion outlives edits above it.
func (s site) key() string {
	return filepath.Base(filepath.Dir(s.file)) + "/" + filepath.Base(s.file) + " " + s.function + ": if " + s.condition
}

// findSites lists the guards of a file; ids count on from first.
func findSites(file string, source []byte, first int) ([]site, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var sites []site
	for _, decl := range tree.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		ast.Inspect(function.Body, func(n ast.Node) bool {
			guard, ok := n.(*ast.IfStmt)
			if !ok || !refuses(guard.Body) {
				return true
			}
			start, end := set.Position(guard.Cond.Pos()), set.Position(guard.Cond.End())
			sites = append(sites, site{
				id: first + len(sites), file: file, line: start.Line, function: name(function),
				condition: strings.Join(strings.Fields(string(source[start.Offset:end.Offset])), " "),
				start:     start.Offset, end: end.Offset,
			})
			return true
		})
	}
	return sites, nil
}

func name(f *ast.FuncDecl) string {
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
	refusal   = regexp.MustCompile(`(?i)^(refuse|problem|deny|reject|fail|misdirected|unauthori[sz]ed|forbid)`)
	errorName = regexp.MustCompile(`^(err|Err)([A-Z].*)?$|Error$`)
	status4xx = regexp.MustCompile(`^Status(BadRequest|Unauthorized|Forbidden|NotFound|MethodNotAllowed|NotAcceptable|Conflict|Gone|RequestEntityTooLarge|RequestURITooLong|UnsupportedMediaType|MisdirectedRequest|UnprocessableEntity|TooManyRequests)$`)
)

// refuses tells whether a body returns an error or answers with a 4xx. Function literals inside do not count: they run
// another time.
func refuses(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for _, result := range n.Results {
				found = found || isError(result)
			}
		case *ast.CallExpr:
			found = found || refusal.MatchString(calledName(n))
		case *ast.SelectorExpr:
			found = found || status4xx.MatchString(n.Sel.Name)
		}
		return !found
	})
	return found
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

// readExcluded reads lines of `site key # reason`. A site without a reason is a fault.
func readExcluded(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	excluded := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " # ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want `package/file.go function: if condition # reason`", file, n)
		}
		excluded[strings.TrimSpace(key)] = strings.TrimSpace(reason)
	}
	return excluded, lines.Err()
}
