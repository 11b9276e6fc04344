package resolver

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"vestibule.example/clients"
	"vestibule.example/graph/rest/resttest/hand"
)

func yesOrNo(b bool) string { return strconv.FormatBool(b) }

// itemsQuery asks for the items that are wanted; what is not given is not sent.
func itemsQuery(filter *hand.Filter, tags []string, limit *int, cheap *bool, below *float64, since *time.Time) url.Values {
	query := clients.Query("sort", "name")
	if filter != nil {
		if filter.State != nil {
			query.Set("state", string(*filter.State))
		}
		if filter.Words != nil && filter.Words.Q != nil {
			query.Set("q", *filter.Words.Q)
		}
	}
	if len(tags) > 0 {
		query["tag"] = tags
	}
	if limit != nil {
		query.Set("limit", strconv.Itoa(*limit))
	}
	if cheap != nil {
		query.Set("cheap", yesOrNo(*cheap))
	}
	if below != nil {
		query.Set("below", strconv.FormatFloat(*below, 'g', -1, 64))
	}
	if since != nil {
		query.Set("since", since.Format(time.RFC3339Nano))
	}
	return query
}

// order is what the shop is sent.
type order struct {
	Lines  []*hand.LineInput `json:"lines"`
	Gifts  []*hand.LineInput `json:"gifts,omitzero"`
	Kind   *hand.OrderKind   `json:"kind,omitempty"`
	Extra  *extra            `json:"extra,omitempty"`
	Meta   meta              `json:"meta"`
	States []hand.State      `json:"states,omitzero"`
	At     *time.Time        `json:"at,omitempty"`
}

type extra struct {
	Note string `json:"note"`
}

type meta struct {
	Via   string `json:"via"`
	Count int    `json:"count"`
	Live  bool   `json:"live"`
}

func newOrder(input hand.OrderInput, kind *hand.OrderKind) order {
	o := order{Lines: input.Lines, Gifts: input.Gifts, Kind: kind, Meta: meta{"gateway", 3, true}, States: input.States, At: input.At}
	if input.Remark != nil {
		o.Extra = &extra{*input.Remark}
	}
	return o
}

// item is what the shop is sent to put in an item's place.
type item struct {
	Name string   `json:"name"`
	Tags []string `json:"tags,omitzero"`
	Seen *seen    `json:"seen,omitempty"`
}

type seen struct {
	At *time.Time `json:"at"`
}

func newItem(name string, tags []string, at *time.Time) item {
	i := item{Name: name, Tags: tags}
	if at != nil {
		i.Seen = &seen{at}
	}
	return i
}

// box is what the stock is sent to change a box.
type box struct {
	Kind  hand.BoxKind `json:"kind"`
	Share *float64     `json:"share,omitempty"`
}

func newBox(kind hand.BoxKind, share *float64) box { return box{kind, share} }

// newForm is what the shop is sent as a form.
func newForm(line hand.LineInput, notes []*string, price *string, kinds []hand.OrderKind, at *time.Time, share *float64, live *bool) url.Values {
	form := url.Values{"line[item]": {line.Item}, "line[count]": {strconv.Itoa(line.Count)}}
	if line.Words != nil && line.Words.Q != nil {
		form.Set("line[words][q]", *line.Words.Q)
	}
	for i, note := range notes {
		if note != nil {
			form.Set(fmt.Sprintf("notes[%d]", i), *note)
		}
	}
	if price != nil {
		form.Set("price", *price)
	}
	for i, kind := range kinds {
		form.Set(fmt.Sprintf("kinds[%d]", i), string(kind))
	}
	if at != nil {
		form.Set("at", at.Format(time.RFC3339Nano))
	}
	if share != nil {
		form.Set("of[share]", strconv.FormatFloat(*share, 'f', -1, 64))
	}
	if live != nil {
		form.Set("of[live]", yesOrNo(*live))
	}
	return form
}
