package apis

import "time"

// seedOrders fills in the orders of the past months and their shipments, oldest first, so that o-1001 is
// the first. All dates are before the day of now.
func (w *world) seedOrders(catalog *catalogue, now time.Time) {
	today := now.Truncate(24 * time.Hour)
	for _, seed := range []struct {
		customer string
		daysAgo  int
		hour     int
		status   string
		steps    int // of its shipment's journey
		note     string
		lines    []newOrderLine
	}{
		{"c-alice", 412, 9, orderDelivered, 8, "", []newOrderLine{{"p-100", 1}, {"p-101", 1}}},
		{"c-alice", 371, 18, orderDelivered, 8, "Please leave with the neighbour.", []newOrderLine{{"p-302", 1}, {"p-303", 1}, {"p-305", 2}}},
		{"c-carol", 340, 12, orderDelivered, 8, "", []newOrderLine{{"p-403", 1}, {"p-401", 4}}},
		{"c-alice", 298, 20, orderDelivered, 8, "", []newOrderLine{{"p-500", 5}, {"p-501", 1}}},
		{"c-alice", 255, 8, orderCancelled, 0, "Ordered twice by mistake.", []newOrderLine{{"p-500", 5}, {"p-501", 1}}},
		{"c-bob", 233, 21, orderDelivered, 8, "", []newOrderLine{{"p-502", 1}, {"p-301", 2}}},
		{"c-alice", 201, 13, orderDelivered, 8, "", []newOrderLine{{"p-200", 1}}},
		{"c-alice", 167, 10, orderDelivered, 8, "A present: no invoice in the parcel, please.", []newOrderLine{{"p-300", 1}, {"p-301", 2}, {"p-304", 1}, {"p-402", 4}}},
		{"c-alice", 122, 16, orderDelivered, 8, "", []newOrderLine{{"p-404", 2}, {"p-401", 2}}},
		{"c-alice", 89, 11, orderDelivered, 8, "", []newOrderLine{{"p-505", 3}, {"p-503", 1}}},
		{"c-carol", 64, 15, orderCancelled, 0, "", []newOrderLine{{"p-204", 1}}},
		{"c-alice", 43, 19, orderDelivered, 8, "", []newOrderLine{{"p-104", 2}, {"p-105", 1}, {"p-205", 1}, {"p-400", 1}}},
		{"c-alice", 6, 9, orderShipped, 7, "", []newOrderLine{{"p-102", 1}, {"p-103", 2}}},
		{"c-bob", 5, 14, orderShipped, 5, "", []newOrderLine{{"p-400", 1}}},
		{"c-alice", 4, 17, orderShipped, 4, "Ring twice.", []newOrderLine{{"p-202", 1}, {"p-201", 2}}},
		{"c-alice", 2, 12, orderPacked, 1, "", []newOrderLine{{"p-304", 1}, {"p-305", 1}, {"p-402", 6}}},
		{"c-bob", 1, 8, orderPlaced, 0, "", []newOrderLine{{"p-405", 2}, {"p-500", 1}}},
		{"c-alice", 1, 10, orderPlaced, 0, "", []newOrderLine{{"p-504", 1}}},
		{"c-alice", 1, 15, orderPlaced, 0, "For the studio.", []newOrderLine{{"p-101", 2}, {"p-301", 1}, {"p-405", 1}}},
	} {
		lines, total := catalog.price(seed.lines)
		o := w.append(order{
			CustomerID: seed.customer, Status: seed.status, Currency: "EUR", Total: total, Lines: lines, Note: seed.note,
			PlacedAt: today.AddDate(0, 0, -seed.daysAgo).Add(time.Duration(seed.hour)*time.Hour + 20*time.Minute),
		})
		if seed.status != orderCancelled {
			w.ship(o, seed.steps)
		}
	}
}
