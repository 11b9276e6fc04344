package hand

import (
	"errors"
	"strconv"
	"time"
)

// State is where an item stands, as the shop says it.
type State string

// The states.
const (
	OnSale  State = "on_sale"
	SoldOut State = "sold-out"
	Gone    State = "x"
)

// OrderKind is what an order is for, as the shop says it.
type OrderKind string

// The kinds.
const (
	Gift OrderKind = "gift"
	Own  OrderKind = "own-use"
)

// BoxKind is what a box is for, as the stock says it.
type BoxKind string

// The kinds.
const (
	GiftBox BoxKind = "gift"
	OwnBox  BoxKind = "own-use"
)

// Amount is a number with all its digits.
type Amount string

var errAmount = errors.New("want a number")

// UnmarshalJSON keeps the digits.
func (a *Amount) UnmarshalJSON(text []byte) error {
	switch c := text[0]; {
	case c == 'n':
	case c != '-' && (c < '0' || c > '9'):
		return errAmount
	default:
		*a = Amount(text)
	}
	return nil
}

// Item is what the shop sells.
type Item struct {
	Number    int64      `json:"id"`
	Name      string     `json:"name"`
	State     *State     `json:"state"`
	Cost      Amount     `json:"price"`
	Nickname  *string    `json:"nickname"`
	CreatedAt int64      `json:"created"` // seconds since 1970
	UpdatedAt *time.Time `json:"updated_at"`
	Stats     struct {
		Views *int     `json:"views"`
		Stars *float64 `json:"stars"`
	} `json:"stats"`
	Sizes     []*int  `json:"sizes"`
	Secret    *string `json:"maker_ref"`
	MakerID   int64   `json:"maker_id"`
	SecondID  *int64  `json:"second_maker_id"`
	PartIDs   []int64 `json:"part_ids"`
	RelatedTo *int64  `json:"related_to"`
	BoxID     *string `json:"box"`
}

// ID is the item's number, in digits.
func (i *Item) ID() string { return strconv.FormatInt(i.Number, 10) }

// Price is the item's, in digits.
func (i *Item) Price() string { return string(i.Cost) }

// Created is when it was.
func (i *Item) Created() time.Time { return time.Unix(i.CreatedAt, 0).UTC() }

// Views are how often it was looked at.
func (i *Item) Views() *int { return i.Stats.Views }

// Stars are what people think of it.
func (i *Item) Stars() *float64 { return i.Stats.Stars }

// Entry is something with a number.
type Entry struct {
	Number int64 `json:"id"`
}

// ID is its number, in digits.
func (e *Entry) ID() string { return strconv.FormatInt(e.Number, 10) }

// Maker makes items.
type Maker struct {
	ID   string  `json:"id"`
	Name string  `json:"name"`
	Home *string `json:"home"`
}

// Part is of an item.
type Part struct {
	Number int64  `json:"id"`
	Name   string `json:"name"`
}

// ID is its number, in digits.
func (p *Part) ID() string { return strconv.FormatInt(p.Number, 10) }

// Found is what was searched for.
type Found struct {
	Number int64   `json:"id"`
	Name   *string `json:"name"`
}

// ID is its number, in digits.
func (f *Found) ID() string { return strconv.FormatInt(f.Number, 10) }

// Tag is what an item is labelled with.
type Tag struct {
	Item *struct {
		Number int64 `json:"id"`
	} `json:"item"`
	Label string `json:"label"`
}

// Stock is what is left of an item.
type Stock struct {
	Item *struct {
		Number int64 `json:"id"`
	} `json:"item"`
	Left int `json:"left"`
}

// Box is what an item comes in.
type Box struct {
	ID     string  `json:"id"`
	Weight float64 `json:"weight"`
}

// Connection is a page of entries.
type Connection struct {
	Edges      []Edge
	PageInfo   PageInfo
	TotalCount *int
}

// Counted is a page of entries of which it is known how many there are.
type Counted struct {
	Edges      []Edge
	PageInfo   PageInfo
	TotalCount int
}

// Edge is an entry of a page.
type Edge struct {
	Cursor string
	Node   *Entry
}

// PageInfo says what is around a page.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// Filter says which items.
type Filter struct {
	State *State
	Words *Words
}

// Words are what to look for.
type Words struct {
	Q *string `json:"q,omitempty"`
}

// OrderInput is what is ordered.
type OrderInput struct {
	Key    string
	Dry    *bool
	Lines  []*LineInput
	Gifts  []*LineInput
	Remark *string
	States []State
	At     *time.Time
}

// LineInput is one line of an order.
type LineInput struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
	Words *Words `json:"words,omitempty"`
}

// OrderPayload is what came of an order.
type OrderPayload struct{ Item *Entry }
