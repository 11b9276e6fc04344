// Package rig is what the benchmarks stand on: the outside world and each target in a process of its own, signed-in users,
// a load generator that checks every answer, and what the kernel says of a process.
//
// A program that uses it starts itself anew for each process but the gateway's: its main calls [Serve] before anything
// else. Such processes end with the program, whatever becomes of it, because their standard input does.
//
// Everything is on loopback, and load generator, targets and APIs share the machine's cores. Figures of processes come
// from /proc, so the benchmarks need Linux.
package rig
