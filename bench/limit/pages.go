package main

import (
	"context"
	"encoding/json"
	"net/http"

	"vestibule.example/bench/limit/posts"
)

// pages are the answers to the benchmark's queries written by hand: without GraphQL, each call as early as it can be.
type pages struct{ from source }

// answer has the form of GraphQL's.
type answer[T any] struct {
	Data T `json:"data"`
}

func write[T any](w http.ResponseWriter, data T, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	json.NewEncoder(w).Encode(answer[T]{data}) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

type postsPage struct {
	Posts []postEntry `json:"posts"`
}

type postEntry struct {
	ID     int        `json:"id"`
	UserID int        `json:"userId"`
	Title  string     `json:"title"`
	User   *userEntry `json:"user"`
}

type userEntry struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// posts answers { posts { id userId title user { id name email } } }.
func (p *pages) posts(w http.ResponseWriter, r *http.Request) {
	page, err := p.postsPage(r.Context())
	write(w, page, err)
}

func (p *pages) postsPage(ctx context.Context) (*postsPage, error) {
	list, err := p.from.Posts(ctx)
	if err != nil {
		return nil, err
	}
	users, err := p.from.Users(ctx, authors(list))
	if err != nil {
		return nil, err
	}
	entries := make(map[int]*userEntry, len(users))
	for id, u := range users {
		entries[id] = &userEntry{u.ID, u.Name, u.Email}
	}
	page := &postsPage{make([]postEntry, len(list))}
	for i, post := range list {
		page.Posts[i] = postEntry{post.ID, post.UserID, post.Title, entries[post.UserID]}
	}
	return page, nil
}

func authors(list []*posts.Post) []int {
	seen, ids := map[int]bool{}, []int(nil)
	for _, post := range list {
		if !seen[post.UserID] {
			seen[post.UserID] = true
			ids = append(ids, post.UserID)
		}
	}
	return ids
}

// titles answers { posts { title } }.
func (p *pages) titles(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Title string `json:"title"`
	}
	list, err := p.from.Posts(r.Context())
	page := struct {
		Posts []entry `json:"posts"`
	}{make([]entry, len(list))}
	for i, post := range list {
		page.Posts[i].Title = post.Title
	}
	write(w, page, err)
}

// greet answers { greet }.
func (p *pages) greet(w http.ResponseWriter, _ *http.Request) {
	write(w, struct {
		Greet string `json:"greet"`
	}{"Hello World!"}, nil)
}
