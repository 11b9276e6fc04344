export { TraceLog, type Entry } from "./log";
export { readTrace, spanOf, summaryOf, type Trace } from "./trace";
