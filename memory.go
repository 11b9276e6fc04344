package main

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// memoryShare is how much of a container's memory the Go runtime is told to stay below, in percent: the rest is for memory that it
// does not count.
const memoryShare = 90

// memoryLimit is the runtime's memory limit in bytes, by that of the container (cgroup v2): the runtime finds the container's share of
// processors by itself, but must be told of its memory. 0 where there is no limit, or an operator has set GOMEMLIMIT.
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
		// The limits of the groups around this one hold too.
		for at := path.Join("sys/fs/cgroup", group); strings.HasPrefix(at, "sys/fs/cgroup"); at = path.Dir(at) {
			text, _ := fs.ReadFile(root, path.Join(at, "memory.max")) // Where there is none there is no number.
			if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && (least == 0 || limit < least) {
				least = limit
			}
		}
	}
	return least / 100 * memoryShare
}
