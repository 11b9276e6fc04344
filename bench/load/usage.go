package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"vestibule.example/bench/rig"
)

// redis is the redis-server, and what it says of itself.
type redis struct {
	*rig.Redis
	client rueidis.Client
}

func watchRedis(server *rig.Redis) (*redis, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Address}, DisableCache: true})
	if err != nil {
		return nil, err
	}
	return &redis{server, client}, nil
}

func (r *redis) close() { r.client.Close() }

// info gives a number of INFO.
func (r *redis) info(section, name string) (int64, error) {
	text, err := r.client.Do(context.Background(), r.client.B().Info().Section(section).Build()).ToString()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("the redis-server does not say its %s", name)
}

// use is what a target has used so far.
type use struct {
	cpu, redisCPU time.Duration
	commands      int64
	rss           int64
	redisMemory   int64
}

func (t *target) usage() (use, error) {
	var u use
	for _, p := range t.processes {
		one, err := p.Usage()
		if err != nil {
			return u, err
		}
		u.cpu += one.CPU
		u.rss += one.RSS
	}
	if t.redis == nil {
		return u, nil
	}
	own, err1 := t.redis.Usage()
	commands, err2 := t.redis.info("stats", "total_commands_processed")
	memory, err3 := t.redis.info("memory", "used_memory")
	u.redisCPU, u.commands, u.redisMemory = own.CPU, commands, memory
	return u, errors.Join(err1, err2, err3)
}

// drive runs the parts of a load at the same time and puts their figures together.
func drive(ctx context.Context, parts []rig.Load) (figures, error) {
	got, errs := make([]rig.Figures, len(parts)), make([]error, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() { got[i], errs[i] = part.Run(ctx) })
	}
	all.Wait()
	var f figures
	for _, one := range got {
		f.Requests += one.Requests
		f.Took = max(f.Took, one.Took)
		f.Latencies = append(f.Latencies, one.Latencies...)
	}
	slices.Sort(f.Latencies)
	return f, errors.Join(errs...)
}
