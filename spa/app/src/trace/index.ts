export { TraceLog, type Entry } from "./log";
export { readPrediction, type PredictedField, type Prediction } from "./prediction";
export { count, readTrace, spanOf, summaryOf, type Trace } from "./trace";
