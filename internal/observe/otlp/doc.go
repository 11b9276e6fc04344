// Package otlp sends spans and metrics of OpenTelemetry's SDK to a collector, by OTLP 1 over HTTP in protobuf.
//
// It encodes the few messages that this takes itself; its tests read them with the protocol's generated types.
// docs/decisions/2026-11-28-telemetry.md says why.
package otlp
