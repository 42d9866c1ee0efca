/** Entry of a sink's thread. */
import { constants, platform, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { composeSink } from "../composition/compose-sink.ts";
import type { FromSink, SinkFlow, SinkThreadData, ToSink } from "./sink-protocol.ts";

const port = parentPort;
if (port === null) throw new Error("sink-worker.ts runs as a worker thread only");
const send = (message: FromSink): void => port.postMessage(message);

const { role, configuration, flows: initialFlows } = workerData as SinkThreadData;
const log = pino({ level: configuration.logLevel }, { write: (line: string) => send({ kind: "log", line }) });
const flows = new Map<string, SinkFlow>(initialFlows.map((flow) => [flow.code, flow]));

// On Linux this is the priority of the calling thread alone: where cores are short, ingest goes first, and seals last.
const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
if (platform() === "linux") setPriority(role === "sealer" ? PRIORITY_LOW : PRIORITY_BELOW_NORMAL);

const sink = await composeSink({ role, configuration, flows, log });
await sink.start();
const stopping = new AbortController();
const running = sink.run(stopping.signal);

port.on("message", (message: ToSink) => {
  switch (message.kind) {
    case "flows":
      for (const flow of message.flows) flows.set(flow.code, flow);
      break;
    case "report":
      sink.report().then(
        (report) => send({ kind: "report", request: message.request, report }),
        (error: Error) => send({ kind: "report-failed", request: message.request, reason: error.message }),
      );
      break;
    case "stop":
      stopping.abort();
      break;
  }
});
send({ kind: "ready" });

await running;
await sink.stop();
port.close();
