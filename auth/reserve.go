package auth

import "context"

type reserveContext struct{}

// UseReserve gives a context in which a [Store] may use the room that it keeps for who is signed in. It is for what no stranger can
// cause: a flood of sign-ins must not keep anybody from signing out, nor the provider from ending sessions.
func UseReserve(ctx context.Context) context.Context {
	return context.WithValue(ctx, reserveContext{}, true)
}

// ReserveAllowed tells a store whether its Put and End may use the room that it keeps.
func ReserveAllowed(ctx context.Context) bool {
	allowed, _ := ctx.Value(reserveContext{}).(bool)
	return allowed
}
