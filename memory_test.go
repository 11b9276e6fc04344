package main

import (
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name  string
		set   string
		files fstest.MapFS
		want  int64
	}{
		{"no container", "", fstest.MapFS{}, 0},
		{"a container", "", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("1000000\n")}, 900_000},
		{"a container without a limit", "", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 0},
		{"an operator's own limit", "1GiB", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("1000000\n")}, 0},
		{"a unit in a slice with less", "", fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/vestibule.service\n"), "sys/fs/cgroup/system.slice/vestibule.service/memory.max": file("2000000\n"),
			"sys/fs/cgroup/system.slice/memory.max": file("1000000\n"),
		}, 900_000},
		{"the older kind of groups", "", fstest.MapFS{"proc/self/cgroup": file("4:memory:/x\n"), "sys/fs/cgroup/memory.max": file("1000000\n")}, 0},
	} {
		if got := memoryLimit(func(string) string { return c.set }, c.files); got != c.want {
			t.Errorf("%s: memoryLimit = %d, want %d", c.name, got, c.want)
		}
	}
}
