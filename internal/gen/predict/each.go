package predict

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/cost"
)

// ErrPerElement is that fields call once for each element of a list, and nobody has said that they may.
var ErrPerElement = errors.New("fields call an API once for each element of a list, and nobody accepted it")

// PerElement writes the schema's fields that can call an API once for each element of a list, and where it is said that they may.
// byHand is the part of the table that is written by hand. It fails with ErrPerElement if a field may not.
func PerElement(w io.Writer, schema *ast.Schema, table, byHand cost.Table) error {
	model, err := cost.New(schema, table, cost.Config{})
	if err != nil {
		return err
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	unaccepted := 0
	for _, f := range model.PerElement() {
		why := "accepted: each: true in the schema"
		if _, is := byHand.Fields[f.Field]; is {
			why = "accepted: Each: true in the table of calls"
		}
		if !f.Accepted {
			unaccepted++
			why = "NOT ACCEPTED: ask for all elements in one call, or say Each: true in the table of calls"
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\n", f.Field, f.API, cmp.Or(f.Call, "by hand"), why)
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	if unaccepted > 0 {
		return fmt.Errorf("%w: %d", ErrPerElement, unaccepted)
	}
	return nil
}
