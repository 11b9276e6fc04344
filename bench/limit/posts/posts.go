package posts

import (
	"context"
	"net/url"
	"strconv"

	"vestibule.example/clients"
)

// Post is one post as the API gives it.
type Post struct {
	UserID int    `json:"userId"`
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Body   string `json:"body"`
}

// User is one user as the API gives it.
type User struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Address  struct {
		Street  string `json:"street"`
		Suite   string `json:"suite"`
		City    string `json:"city"`
		Zipcode string `json:"zipcode"`
		Geo     struct {
			Lat string `json:"lat"`
			Lng string `json:"lng"`
		} `json:"geo"`
	} `json:"address"`
	Phone   string `json:"phone"`
	Website string `json:"website"`
	Company struct {
		Name        string `json:"name"`
		CatchPhrase string `json:"catchPhrase"`
		BS          string `json:"bs"`
	} `json:"company"`
}

// batchMax is how many ids GET /users takes at once.
const batchMax = 50

// Client calls the API as the user whose session is in the context.
type Client struct{ api *clients.API }

// New makes a client over the API's transport.
func New(api *clients.API) *Client { return &Client{api} }

// Posts are all posts.
func (c *Client) Posts(ctx context.Context) ([]*Post, error) {
	return clients.Get[[]*Post](ctx, c.api, clients.At("/posts"), nil)
}

// Users are the users of these ids, by id; those unknown are absent.
func (c *Client) Users(ctx context.Context, ids []int) (map[int]*User, error) {
	return clients.Batch(ctx, ids, batchMax, func(ctx context.Context, ids []int) (map[int]*User, error) {
		users, err := clients.Get[[]User](ctx, c.api, clients.At("/users"), Query(ids))
		return clients.ByKey(users, func(u *User) int { return u.ID }), err
	})
}

// Query names users by their ids.
func Query(ids []int) url.Values {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.Itoa(id)
	}
	return clients.IDs("id", texts)
}
