package apis

import (
	"strconv"
	"sync"
	"time"
)

const (
	// maxOrders bounds how many orders a Set holds, the seeded ones included.
	maxOrders = 5000
	// maxAddresses bounds the addresses of one customer.
	maxAddresses = 20
	// maxKept bounds how many idempotency keys are remembered; the oldest is forgotten first.
	maxKept = 5000
	// maxStreams bounds the tracking streams open at once.
	maxStreams = 200
)

// world is what the APIs know: everything that changes, under one lock, because placing an order concerns
// orders and shipping at once.
type world struct {
	closed chan struct{}
	once   sync.Once

	mu        sync.Mutex // guards what follows
	customers map[string]*customer
	addresses map[string][]*address // by customer
	payments  map[string][]*paymentMethod
	orders    map[string]*order
	sequence  []*order // oldest first
	placed    map[string]*placement
	placedKey []string // keys of placed, oldest first
	shipments map[string]*shipment
	byOrder   map[string][]*shipment
	nextOrder int
	nextID    int
	streams   int
}

func newWorld(catalog *catalogue, now time.Time) *world {
	w := &world{
		closed:    make(chan struct{}),
		customers: map[string]*customer{},
		addresses: map[string][]*address{},
		payments:  map[string][]*paymentMethod{},
		orders:    map[string]*order{},
		placed:    map[string]*placement{},
		shipments: map[string]*shipment{},
		byOrder:   map[string][]*shipment{},
		nextOrder: 1001,
		nextID:    100,
	}
	w.seedCustomers()
	w.seedOrders(catalog, now)
	return w
}

func (w *world) close() { w.once.Do(func() { close(w.closed) }) }

// newID makes an id such as a-101. It needs w.mu.
func (w *world) newID(prefix string) string {
	w.nextID++
	return prefix + strconv.Itoa(w.nextID)
}
