/**
 * A worker thread that holds one connection to the event log. It answers requests in the order they came; appends that
 * are waiting when it looks form one group and commit together, so that while one group is being written to disk the
 * next gathers.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { DatabaseOptions } from "./config.ts";
import { EventLog } from "./event-log.ts";
import { type Answer, type Message, perform, type Request, toPlainError } from "./event-store-protocol.ts";

export interface WorkerData {
  readonly options: DatabaseOptions;
  /** As `EventLog` takes it. */
  readonly fileIdentity: string | null;
}

type AppendRequest = Extract<Request, { name: "append" }>;

/** After so many events a group takes in no more: some 50 ms of work. */
const GROUP_EVENTS = 10_000;

const start = (port: NonNullable<typeof parentPort>, { options, fileIdentity }: WorkerData): void => {
  const log = new EventLog(options, fileIdentity);

  const answer = (request: Request): Answer => {
    try {
      return { id: request.id, value: perform(log, request) };
    } catch (error) {
      return { id: request.id, error: toPlainError(error) };
    }
  };

  const appendGroup = (group: readonly AppendRequest[]): Answer[] => {
    const answers: Answer[] = [];
    try {
      const outcomes = log.append(group.map((request) => request.argument));
      for (const [index, { id }] of group.entries()) {
        const outcome = outcomes[index];
        if (outcome instanceof Error) answers.push({ id, error: toPlainError(outcome) });
        else if (outcome) answers.push({ id, value: outcome });
      }
      return answers;
    } catch (error) {
      return group.map(({ id }) => ({ id, error: toPlainError(error) }));
    }
  };

  const next = (): Message | undefined => receiveMessageOnPort(port)?.message;

  port.on("message", (first: Message) => {
    let message: Message | undefined = first;
    while (message) {
      const group: AppendRequest[] = [];
      let events = 0;
      while (message?.name === "append" && events < GROUP_EVENTS) {
        group.push(message);
        for (const count of message.argument.counts) events += count;
        message = next();
      }
      if (group.length > 0) {
        port.postMessage(appendGroup(group));
      } else if (message?.name === "close") {
        log.stop();
        // Nothing else keeps the thread alive.
        port.close();
        return;
      } else if (message) {
        port.postMessage([answer(message)]);
        message = next();
      }
    }
  });
};

if (parentPort) start(parentPort, workerData as WorkerData);
