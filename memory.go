package main

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// memoryShare is what of a container's memory the Go runtime is told to stay below, in percent: the rest is for what it does
// not count.
const memoryShare = 90

// memoryLimit is the limit for the runtime by the container's own (cgroup v2): it knows the container's share of processors by
// itself, of memory it must be told. 0 where there is none, or an operator has set GOMEMLIMIT.
func memoryLimit(getenv func(string) string, root fs.FS) int64 {
	if getenv("GOMEMLIMIT") != "" {
		return 0
	}
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for line := range strings.Lines(string(groups)) {
		group, found := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !found {
			continue
		}
		// The limits of the groups around it hold too.
		for at := path.Join("sys/fs/cgroup", group); strings.HasPrefix(at, "sys/fs/cgroup"); at = path.Dir(at) {
			text, err := fs.ReadFile(root, path.Join(at, "memory.max"))
			if err != nil {
				continue
			}
			if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && (least == 0 || limit < least) {
				least = limit
			}
		}
	}
	return least / 100 * memoryShare
}
