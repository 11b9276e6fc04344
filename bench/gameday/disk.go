package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// diskSize is that of the disk which fills up.
const diskSize = "4m"

// fullDisk lets a gateway keep its sessions in a file on a small disk of its own, and fills that.
func (d *day) fullDisk(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "vestibule-gameday-disk-") // Another day may run beside this one.
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	mount := []string{"--map-root-user", "--mount", "sh", "-c", `mount -t tmpfs -o size=` + diskSize + ` none "$0" && exec "$@"`, dir}
	if out, err := exec.CommandContext(ctx, "unshare", append(mount, "true")...).CombinedOutput(); err != nil {
		fmt.Fprintf(d.out, "\n## the disk of the file store is full\n\nLeft out: nothing can be mounted here (%s).\n", strings.TrimSpace(string(out)))
		return nil
	}
	d.env = []string{"VESTIBULE_SESSION_STORE=file", "VESTIBULE_SESSION_FILE=" + filepath.Join(dir, "sessions.db")}
	for _, g := range d.gateways {
		if err := g.Terminate(); err != nil {
			return err
		}
		d.balancer.Remove(g)
	}
	d.gateways = nil
	g, err := d.rig.StartGatewayBy(ctx, "filegateway", append([]string{"unshare"}, append(mount, d.binary)...), d.world, d.public(), d.env...)
	if err != nil {
		return err
	}
	d.gateways = []*rig.Gateway{g}
	d.balancer.Add(ctx, g)
	filler := filepath.Join(g.Root(), dir, "filler")
	return d.underLoad(ctx, d.public(), []event{
		{name: "sessions in a file", do: d.calm, quiet: true},
		{name: "the disk of the file store is full", do: func(ctx context.Context) error { return d.fill(ctx, filler) },
			tells: []string{`vestibule_store_call_duration_seconds_count outcome="error"`}, logs: []string{`the session store is out of order`}},
		{name: "the disk has room again", do: func(ctx context.Context) error {
			if err := os.Remove(filler); err != nil {
				return err
			}
			pause(ctx, 2*time.Second)
			return d.calm(ctx)
		}},
	})
}

// fill writes until nothing goes in, and goes on for a while with what has been freed meanwhile. All the while others sign in,
// which wants room.
func (d *day) fill(ctx context.Context, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 4096)
	well, refused := 0, 0
	for until := time.Now().Add(d.o.event); time.Now().Before(until) && ctx.Err() == nil; {
		if _, err := f.Write(block); err == nil {
			continue
		}
		p, err := newPerson(ctx, d.world.Customers()[0], d.public())
		if err != nil {
			refused++
		} else {
			well++
		}
		p.visitor.Close()
		pause(ctx, 50*time.Millisecond)
	}
	fmt.Fprintf(d.out, "\n(While the disk was full %d sign-ins went well and %d were refused.)\n", well, refused)
	if refused == 0 {
		return errors.New("the disk did not get full")
	}
	return nil
}
