package storetest

import (
	"errors"
	"testing"
	"time"

	"vestibule.example/auth"
)

// T-10
func leased(t *testing.T, s auth.Store, clock *Clock) {
	release, ok, err := s.Lease(t.Context(), "grant", time.Minute)
	if err != nil || !ok {
		t.Fatalf("Lease = %v, %v, want it", ok, err)
	}
	if _, ok, err := s.Lease(t.Context(), "grant", time.Minute); ok || err != nil {
		t.Errorf("a second Lease = %v, %v, want false", ok, err)
	}
	if _, ok, err := s.Lease(t.Context(), "other", time.Minute); !ok || err != nil {
		t.Errorf("another name's Lease = %v, %v, want it", ok, err)
	}
	release()
	if _, ok, err := s.Lease(t.Context(), "grant", time.Minute); !ok || err != nil {
		t.Errorf("Lease after release = %v, %v, want it", ok, err)
	}
	_ = clock
}

func leaseRanOut(t *testing.T, s auth.Store, clock *Clock) {
	release, _, err := s.Lease(t.Context(), "grant", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	if _, ok, err := s.Lease(t.Context(), "grant", time.Minute); !ok || err != nil {
		t.Fatalf("Lease after its time = %v, %v, want it", ok, err)
	}
	release()
	if _, ok, err := s.Lease(t.Context(), "grant", time.Minute); ok || err != nil {
		t.Errorf("Lease = %v, %v: the old holder gave back what was not hers", ok, err)
	}
}

// BCP-2, BCL-9
func values(t *testing.T, s auth.Store, clock *Clock) {
	if _, err := s.Take(t.Context(), "v"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Take = %v, want ErrNotFound", err)
	}
	if err := s.Put(t.Context(), "v", []byte("x"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "v", []byte("y"), time.Minute); !errors.Is(err, auth.ErrExists) {
		t.Errorf("the second Put = %v, want ErrExists", err)
	}
	if got, err := s.Take(t.Context(), "v"); err != nil || string(got) != "x" {
		t.Errorf("Take = %s, %v, want x", got, err)
	}
	if _, err := s.Take(t.Context(), "v"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("the second Take = %v, want ErrNotFound", err)
	}
	if err := s.Put(t.Context(), "v", nil, time.Minute); err != nil {
		t.Errorf("Put after Take = %v", err)
	}
	clock.Advance(time.Minute)
	if _, err := s.Take(t.Context(), "v"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Take after its time = %v, want ErrNotFound", err)
	}
	if err := s.Put(t.Context(), "v", nil, time.Minute); err != nil {
		t.Errorf("Put after its time = %v", err)
	}
}
