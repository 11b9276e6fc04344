// Package beside tests what the package above it leaves to it.
package beside
