package main

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
)

type accountPage struct {
	Me accountEntry `json:"me"`
}

type accountEntry struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	Email          string         `json:"email"`
	Addresses      []addressEntry `json:"addresses"`
	PaymentMethods []methodEntry  `json:"paymentMethods"`
	Orders         ordersEntry    `json:"orders"`
}

type addressEntry struct {
	ID   string `json:"id"`
	City string `json:"city"`
}

type methodEntry struct {
	ID      string `json:"id"`
	Display string `json:"display"`
}

type ordersEntry struct {
	TotalCount int         `json:"totalCount"`
	Edges      []orderEdge `json:"edges"`
}

type orderEdge struct {
	Node orderEntry `json:"node"`
}

type orderEntry struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Total     string          `json:"total"`
	Lines     []lineEntry     `json:"lines"`
	Customer  nameEntry       `json:"customer"`
	Shipments []shipmentEntry `json:"shipments"`
}

type nameEntry struct {
	Name string `json:"name"`
}

type lineEntry struct {
	Quantity int          `json:"quantity"`
	Product  productEntry `json:"product"`
}

type productEntry struct {
	Name     string    `json:"name"`
	Category nameEntry `json:"category"`
}

type shipmentEntry struct {
	Status   string       `json:"status"`
	Tracking []eventEntry `json:"tracking"`
}

type eventEntry struct {
	Description string `json:"description"`
}

// account answers the account page's query: nine calls, four deep.
func (p *pages) account(w http.ResponseWriter, r *http.Request) {
	page, err := p.accountPage(r.Context())
	write(w, page, err)
}

func (p *pages) accountPage(ctx context.Context) (*accountPage, error) {
	me, err := p.from.Me(ctx)
	if err != nil {
		return nil, err
	}
	page := &accountPage{accountEntry{ID: me.Id, Name: me.Name, Email: me.Email}}
	var errs firstError
	var all sync.WaitGroup
	all.Go(func() {
		list, err := p.from.Addresses(ctx, me.Id)
		errs.note(err)
		page.Me.Addresses = make([]addressEntry, len(list))
		for i, a := range list {
			page.Me.Addresses[i] = addressEntry{a.Id, a.City}
		}
	})
	all.Go(func() {
		list, err := p.from.PaymentMethods(ctx, me.Id)
		errs.note(err)
		page.Me.PaymentMethods = make([]methodEntry, len(list))
		for i, m := range list {
			page.Me.PaymentMethods[i] = methodEntry{m.Id, m.Display}
		}
	})
	found, err := p.from.Orders(ctx, orders.OrderQuery{CustomerID: me.Id, Limit: 5})
	if err == nil {
		page.Me.Orders, err = p.ordersEntry(ctx, found)
	}
	errs.note(err)
	all.Wait()
	return page, errs.err
}

// ordersEntry fetches what belongs to a page of orders, all at once.
func (p *pages) ordersEntry(ctx context.Context, found *orders.OrderPage) (ordersEntry, error) {
	var orderIDs, customerIDs, productIDs []string
	for _, o := range found.Items {
		orderIDs, customerIDs = append(orderIDs, o.Id), append(customerIDs, o.CustomerId)
		for _, l := range o.Lines {
			productIDs = append(productIDs, l.ProductId)
		}
	}
	categories := map[string]string{}
	var products map[string]*catalog.Product
	var shipments map[string][]*shipping.Shipment
	var tracking map[string][]*shipping.TrackingEvent
	names := map[string]string{}
	var errs firstError
	var all sync.WaitGroup
	all.Go(func() {
		list, err := p.from.Categories(ctx)
		errs.note(err)
		for _, c := range list {
			categories[c.Id] = c.Name
		}
	})
	all.Go(func() {
		var err error
		products, err = p.from.ProductsByID(ctx, productIDs)
		errs.note(err)
	})
	all.Go(func() {
		list, err := p.from.Customers(ctx, customerIDs)
		errs.note(err)
		for id, c := range list {
			names[id] = c.Name
		}
	})
	var err error
	if shipments, err = p.from.Shipments(ctx, orderIDs); err == nil {
		var ids []string
		for _, list := range shipments {
			for _, s := range list {
				ids = append(ids, s.Id)
			}
		}
		tracking, err = p.from.Tracking(ctx, ids)
	}
	errs.note(err)
	all.Wait()
	if errs.err != nil {
		return ordersEntry{}, errs.err
	}
	entry := ordersEntry{found.Total, make([]orderEdge, len(found.Items))}
	for i, o := range found.Items {
		node := &entry.Edges[i].Node
		*node = orderEntry{ID: o.Id, Status: strings.ToUpper(string(o.Status)), Total: o.Total, Customer: nameEntry{names[o.CustomerId]}}
		node.Lines = make([]lineEntry, len(o.Lines))
		for j, l := range o.Lines {
			product := products[l.ProductId]
			node.Lines[j] = lineEntry{l.Quantity, productEntry{product.Name, nameEntry{categories[product.CategoryId]}}}
		}
		node.Shipments = make([]shipmentEntry, len(shipments[o.Id]))
		for j, s := range shipments[o.Id] {
			node.Shipments[j] = shipmentEntry{strings.ToUpper(string(s.Status)), make([]eventEntry, len(tracking[s.Id]))}
			for k, e := range tracking[s.Id] {
				node.Shipments[j].Tracking[k].Description = e.Description
			}
		}
	}
	return entry, nil
}

// firstError keeps one of several errors.
type firstError struct {
	mu  sync.Mutex // guards err
	err error
}

func (f *firstError) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}
