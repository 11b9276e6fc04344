package rig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// postsAPI is the upstream of the public graphql-benchmarks suite in its shape: 100 posts of 10 users, some 32 kB. Unlike
// there, each caller must show a token, and the first post's title bears the mark of that token, so that an answer given
// to somebody else is noticed.
type postsAPI struct {
	posts []post
	users []user
	pages sync.Map // the body of /posts by token; the tokens of one run are few
}

type post struct {
	UserID int    `json:"userId"`
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Body   string `json:"body"`
}

type user struct {
	ID       int     `json:"id"`
	Name     string  `json:"name"`
	Username string  `json:"username"`
	Email    string  `json:"email"`
	Address  address `json:"address"`
	Phone    string  `json:"phone"`
	Website  string  `json:"website"`
	Company  company `json:"company"`
}

type address struct {
	Street  string `json:"street"`
	Suite   string `json:"suite"`
	City    string `json:"city"`
	Zipcode string `json:"zipcode"`
	Geo     struct {
		Lat string `json:"lat"`
		Lng string `json:"lng"`
	} `json:"geo"`
}

type company struct {
	Name        string `json:"name"`
	CatchPhrase string `json:"catchPhrase"`
	BS          string `json:"bs"`
}

const words = "sunt aut facere repellat provident occaecati excepturi optio reprehenderit quia et suscipit recusandae consequuntur " +
	"expedita cum architecto est rerum tempore vitae sequi sint nihil dolor beatae ea dolores neque fugiat blanditiis voluptate porro vel"

// newPosts makes the API. Its text is the same in every run.
func newPosts() http.Handler {
	dice, list := rand.New(rand.NewPCG(1, 2)), strings.Fields(words) //nolint:gosec // Text to fill pages, no secret.
	text := func(n int) string {
		picked := make([]string, n)
		for i := range picked {
			picked[i] = list[dice.IntN(len(list))]
		}
		return strings.Join(picked, " ")
	}
	api := &postsAPI{}
	for i := range 10 {
		u := user{ID: i + 1, Name: "Leanne Graham " + strconv.Itoa(i+1), Username: "Bret" + strconv.Itoa(i+1), Email: fmt.Sprintf("sincere%d@april.example", i+1)}
		u.Address = address{Street: "Kulas Light", Suite: "Apt. 556", City: "Gwenborough", Zipcode: "92998-3874"}
		u.Address.Geo.Lat, u.Address.Geo.Lng = "-37.3159", "81.1496"
		u.Phone, u.Website, u.Company = "1-770-736-8031 x56442", "hildegard.example", company{"Romaguera-Crona", text(4), text(4)}
		api.users = append(api.users, u)
	}
	for i := range 100 {
		api.posts = append(api.posts, post{i/10 + 1, i + 1, text(7), text(30)})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /posts", api.list)
	mux.HandleFunc("GET /users", api.byID)
	return mux
}

// list handles "GET /posts".
func (api *postsAPI) list(w http.ResponseWriter, r *http.Request) {
	token, ok := bearer(w, r)
	if !ok {
		return
	}
	page, known := api.pages.Load(token)
	if !known {
		sum := sha256.Sum256([]byte(token))
		posts := append([]post(nil), api.posts...)
		posts[0].Title = "for " + hex.EncodeToString(sum[:8])
		page = encode(posts)
		api.pages.Store(token, page)
	}
	reply(w, page.([]byte))
}

// byID handles "GET /users?id=1&id=2".
func (api *postsAPI) byID(w http.ResponseWriter, r *http.Request) {
	if _, ok := bearer(w, r); !ok {
		return
	}
	users := []user{}
	for _, id := range r.URL.Query()["id"] {
		if n, err := strconv.Atoi(id); err == nil && n >= 1 && n <= len(api.users) {
			users = append(users, api.users[n-1])
		}
	}
	reply(w, encode(users))
}

func bearer(w http.ResponseWriter, r *http.Request) (string, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return "", false
	}
	return token, true
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // It is made of texts and numbers.
	}
	return text
}

func reply(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body) //nolint:errcheck // The reader is gone; there is nobody to tell.
}
