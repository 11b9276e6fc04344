// Package resolver answers the schema of posts from the API's client.
package resolver

import "vestibule.example/bench/limit/posts"

// Resolver answers the schema's fields.
type Resolver struct{ API *posts.Client }

// userOf gives each post's user; null for one that does not exist.
func userOf(objs []*posts.Post, byID map[int]*posts.User) []*posts.User {
	users := make([]*posts.User, len(objs))
	for i, p := range objs {
		users[i] = byID[p.UserID]
	}
	return users
}

func userIDs(objs []*posts.Post) []int {
	ids := make([]int, len(objs))
	for i, p := range objs {
		ids[i] = p.UserID
	}
	return ids
}
