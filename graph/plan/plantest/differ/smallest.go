package differ

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// smallest takes from an operation whose answers differ what can be taken while they do.
func (p *Pair) smallest(ctx context.Context, o Operation) Operation {
	for again := true; again; {
		again = false
		for i := 0; ; i++ {
			less, ok := without(o, i)
			if !ok {
				break
			}
			if err := p.Compare(ctx, less); err != nil && !errors.Is(err, ErrInvalid) {
				o, again = less, true
				i--
			}
		}
	}
	return o
}

// without leaves the selection of that number out, or puts what is within a fragment in its place; what nothing uses any more goes with it.
func without(o Operation, number int) (Operation, bool) {
	doc, err := parser.ParseQuery(&ast.Source{Input: o.Text})
	if err != nil {
		return o, false
	}
	sets := []*ast.SelectionSet{&doc.Operations[0].SelectionSet}
	for _, f := range doc.Fragments {
		sets = append(sets, &f.SelectionSet)
	}
	for n := 0; len(sets) > 0; sets = sets[1:] {
		for i, s := range *sets[0] {
			switch s := s.(type) {
			case *ast.Field:
				if len(s.SelectionSet) > 0 {
					sets = append(sets, &s.SelectionSet)
				}
			case *ast.InlineFragment:
				sets = append(sets, &s.SelectionSet)
			}
			if n++; n > number && len(*sets[0]) > 1 {
				*sets[0] = slices.Delete(*sets[0], i, i+1)
				return used(doc, o.Variables), true
			}
		}
	}
	return o, false
}

// used drops fragments and variables that nothing uses.
func used(doc *ast.QueryDocument, variables map[string]any) Operation {
	op := doc.Operations[0]
	declared := op.VariableDefinitions
	for {
		op.VariableDefinitions = nil
		text := format(doc)
		kept := slices.DeleteFunc(slices.Clone(doc.Fragments), func(f *ast.FragmentDefinition) bool {
			return !strings.Contains(text, "..."+f.Name+"\n") && !strings.Contains(text, "..."+f.Name+" ") && !strings.Contains(text, "... "+f.Name)
		})
		if len(kept) == len(doc.Fragments) {
			for _, v := range declared {
				if slices.ContainsFunc([]string{"\n", " ", ",", ")", "}", "]"}, func(end string) bool { return strings.Contains(text, "$"+v.Variable+end) }) {
					op.VariableDefinitions = append(op.VariableDefinitions, v)
				}
			}
			return Operation{Text: format(doc), Variables: variables}
		}
		doc.Fragments = kept
	}
}

func format(doc *ast.QueryDocument) string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent(" ")).FormatQueryDocument(doc)
	return b.String()
}
