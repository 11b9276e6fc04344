// Package otlp sends spans and metrics of OpenTelemetry's SDK to a collector, by OTLP 1 over HTTP in protobuf.
//
// It writes the few messages that this takes by itself; its tests read them with the protocol's own types.
// docs/decisions says why.
package otlp
