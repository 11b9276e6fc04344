package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"vestibule.example/bench/rig"
)

// profile measures the gateway once more, as long as all rounds together, and has its operators' listener write where its time goes.
func (s scenario) profile(ctx context.Context, world *rig.World, c *contender, set settings) error {
	length := max(time.Duration(set.rounds)*set.length, time.Second)
	written := make(chan error, 1)
	go func() {
		address := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", c.admin, int(length.Seconds()))
		written <- download(ctx, address, filepath.Join(set.profiles, c.name+"-"+s.name+".pprof"))
	}()
	_, err := s.measure(ctx, world, c, set.connections, length)
	return errors.Join(err, <-written)
}

func download(ctx context.Context, address, name string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, res.Status)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}
