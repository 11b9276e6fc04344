package resttest

import (
	"slices"
	"testing"

	"vestibule.example/graph/plan"
)

// An integer that the schema's Int cannot hold is null with an error in its place, whoever runs the operation (specification §3.5.1); one
// that an API writes as 1.0 or 1e3 is an integer; what is none fails the call, which promised one.
func TestIntegersOfAnswers(t *testing.T) {
	const rest = `"name": "Lamp", "price": 3, "created": 0, "maker_id": 1, "part_ids": []`
	answers := map[string]string{}
	for id, numbers := range map[string]string{
		"1": `"stats": {"views": 3000000000}, "sizes": [1, -2147483649, 2147483647, -2147483648, null, 9223372036854775807]`,
		"2": `"stats": {"views": 1.0}, "sizes": [1e3, 2.50e1, -0.0]`,
		"3": `"stats": {"views": 1.5}, "sizes": []`,
		"4": `"stats": {"views": "5"}, "sizes": []`,
		"5": `"stats": {"views": 1e30}, "sizes": []`,
		"6": `"stats": {"views": 92233720368547758070}, "sizes": []`,
		"7": `"stats": {"views": 3e9}, "sizes": []`,
	} {
		answers["GET /items/"+id] = `{"id": ` + id + `, ` + rest + `, ` + numbers + `}`
	}
	answers["GET /items"] = `{"page": {"data": [], "total": 4294967296}}`
	const tooLarge = ": plan: an integer beyond the 32 bits of Int"
	byGqlgen := planned()
	byGqlgen.Gqlgen = true
	for name, cfg := range map[string]plan.Config{"plan": planned(), "gqlgen": byGqlgen} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, answers)
			data, errs, _ := w.askBy(cfg, w.resolver(), `query ask {total a: item(id: "1"){name views sizes} b: item(id: "2"){views sizes} c: item(id: "3"){views} d: item(id: "4"){views} e: item(id: "5"){views} f: item(id: "6"){views} g: item(id: "7"){name views}}`, nil)
			same(t, "data", data, `{"total": null, "a": {"name": "Lamp", "views": null, "sizes": [1, null, 2147483647, -2147483648, null, null]}, "b": {"views": 1, "sizes": [1000, 25, 0]},
				"c": null, "d": null, "e": null, "f": null, "g": {"name": "Lamp", "views": null}}`)
			want := []string{"a.sizes[1]" + tooLarge, "a.sizes[5]" + tooLarge, "a.views" + tooLarge, "g.views" + tooLarge, "total" + tooLarge,
				"c: UPSTREAM_INVALID", "d: UPSTREAM_INVALID", "e: UPSTREAM_INVALID", "f: UPSTREAM_INVALID"}
			slices.Sort(want)
			same(t, "errors", errs, want)
		})
	}
}
