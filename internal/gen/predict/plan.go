package predict

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"vestibule.example/graph/cost"
	"vestibule.example/graph/valid"
)

// ErrTooMuch is that the limits refuse an operation.
var ErrTooMuch = errors.New("the operation asks for too much")

var (
	errNoOperation = errors.New("the document has no such operation")
	errNothing     = errors.New("the document has no operation")
)

// Limits are those of graph.Limits that concern calls, lists and cost; a zero is replaced by its default.
type Limits struct {
	Cost            int `yaml:"cost"`
	Calls           int `yaml:"calls"`
	ListSize        int `yaml:"list_size"`
	DefaultListSize int `yaml:"default_list_size"`
}

func (l Limits) withDefaults() Limits {
	l.Cost = cmp.Or(l.Cost, cost.DefaultCost)
	l.Calls = cmp.Or(l.Calls, cost.DefaultCalls)
	l.ListSize = cmp.Or(l.ListSize, cost.DefaultMaxListSize)
	return l
}

// Question says which operations are to be looked at, and with which variables.
type Question struct {
	Document  *ast.Source
	Operation string // the name of one; empty for all
	Variables []byte // JSON
}

// Plan writes what each operation of a document asks of the APIs at most. It fails with ErrTooMuch if the limits refuse one.
func Plan(w io.Writer, schema *ast.Schema, table cost.Table, limits Limits, q Question) error {
	model, err := cost.New(schema, table, cost.Config{DefaultListSize: limits.DefaultListSize})
	if err != nil {
		return err
	}
	doc, err := parser.ParseQuery(q.Document)
	if err != nil {
		return err
	}
	if faults := validator.ValidateWithRules(schema, doc, valid.Rules()); len(faults) > 0 {
		return faults
	}
	asked := doc.Operations
	if q.Operation != "" {
		asked = slices.DeleteFunc(slices.Clone(asked), func(o *ast.OperationDefinition) bool { return o.Name != q.Operation })
		if len(asked) == 0 {
			return fmt.Errorf("%w: %s", errNoOperation, q.Operation)
		}
	}
	if len(asked) == 0 {
		return errNothing
	}
	var faults []error
	for i, operation := range asked {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := write(w, model, doc, operation, limits.withDefaults(), q.Variables); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", title(operation), err))
		}
	}
	return errors.Join(faults...)
}

func title(operation *ast.OperationDefinition) string {
	return strings.TrimSpace(string(operation.Operation) + " " + operation.Name)
}

func write(w io.Writer, model *cost.Model, doc *ast.QueryDocument, operation *ast.OperationDefinition, limits Limits, given []byte) error {
	values, unset, err := variables(model.Schema(), operation, given)
	if err != nil {
		return err
	}
	estimate, err := model.Estimate(doc, operation, values)
	if err != nil {
		return err
	}
	if f := estimate.Fault; f != nil {
		return fmt.Errorf("%d:%d: %s", f.At.Line, f.At.Column, f.Message) //nolint:err113 // For a person, with its place.
	}
	fmt.Fprintln(w, title(operation))
	if len(unset) > 0 {
		fmt.Fprintf(w, "(not given, and taken for null: %s)\n", strings.Join(unset, ", "))
	}
	fmt.Fprintln(w)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(estimate.Tree) == 0 {
		fmt.Fprintln(columns, "no API is asked")
	}
	tree(columns, estimate.Tree, "", nil)
	if err := columns.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return sums(w, estimate, limits)
}

// tree writes fields, each below the field that it waits for.
func tree(w io.Writer, nodes []*cost.Node, indent string, above []string) {
	for _, n := range nodes {
		path := strings.Join(n.Path[len(above):], ".")
		for _, other := range nodes {
			if other != n && slices.Equal(other.Path, n.Path) { // An abstract type's field, once for each object that has it.
				owner, _, _ := strings.Cut(n.Field, ".")
				path += " of " + owner
				break
			}
		}
		fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", indent, path, n.API, cmp.Or(n.Call, "by hand"), amount(n))
		tree(w, n.Children, indent+"  ", n.Path)
	}
}

// amount says how many calls a field makes.
func amount(n *cost.Node) string {
	text := fmt.Sprintf("%d calls", n.Calls)
	if n.Calls == 1 {
		text = "1 call"
	}
	switch {
	case n.PerElement:
		return text + ", once per element"
	case n.Keys > 1:
		return fmt.Sprintf("%s for %d keys", text, n.Keys)
	}
	return text
}

// sums writes what the calls come to, and fails if that is more than the limits allow.
func sums(w io.Writer, estimate *cost.Estimate, limits Limits) error {
	type sum struct {
		name         string
		value, limit int
	}
	var all []sum
	for _, api := range slices.Sorted(maps.Keys(estimate.Calls)) {
		all = append(all, sum{"calls of " + api, estimate.Calls[api], limits.Calls})
	}
	all = append(all, sum{"cost", estimate.Cost, limits.Cost})
	if n := int(min(estimate.Longest.Size, math.MaxInt32)); n > 0 {
		all = append(all, sum{"longest list", n, limits.ListSize})
	}
	var wide, long int
	for _, s := range all {
		wide, long = max(wide, len(s.name)), max(long, len(strconv.Itoa(s.value)))
	}
	var over []error
	for _, s := range all {
		mark := ""
		if s.value > s.limit {
			mark = ": too much"
			over = append(over, fmt.Errorf("%w: %s is %d, and at most %d are allowed", ErrTooMuch, s.name, s.value, s.limit))
		}
		fmt.Fprintf(w, "%-*s  %*d of %d%s\n", wide, s.name, long, s.value, s.limit, mark)
	}
	return errors.Join(over...)
}
