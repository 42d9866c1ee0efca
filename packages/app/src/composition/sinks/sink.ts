import type { SinkReport } from "../../sinks/sink-protocol.ts";

export interface Sink {
  start(): Promise<void>;
  /** Until the signal. */
  run(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  report(): Promise<SinkReport>;
}
