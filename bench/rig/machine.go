package rig

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// AccountPage is the query of the account page: nine calls in a chain four deep, in four APIs.
const AccountPage = `query AccountPage { me { id name email addresses { id city } paymentMethods { id display } orders(first: 5) { totalCount edges { node {
	id status total lines { quantity product { name category { name } } } customer { name } shipments { status tracking { description } } } } } } }`

// Machine names what the figures were measured on.
func Machine() string {
	name := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s %s/%s, %d cores of %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), name)
}
