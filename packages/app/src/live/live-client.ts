/**
 * One reader of the live tail: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) that
 * wait in memory, up to a bound, while its connection takes no more. One that is too slow is told so and let go.
 */
import type { Writable } from "node:stream";

/** Characters that may wait for one reader; the event that goes beyond it still counts as waiting. */
export const BUFFER_CHARACTERS = 4 * 1024 * 1024;

/** Why a stream ends before its reader has left. */
export type DropReason = "slow" | "stopped" | "unauthorized";

export class LiveClient {
  readonly #output: Writable;
  readonly #capacity: number;
  readonly #waiting: string[] = [];
  #characters = 0;
  #blocked = false;
  #ended = false;
  /** Heartbeats since the connection last took something. */
  #blockedBeats = 0;
  #onDrained: (() => void) | null = null;
  readonly #left = new AbortController();

  constructor(output: Writable, capacity = BUFFER_CHARACTERS) {
    this.#output = output;
    this.#capacity = capacity;
    output.on("drain", () => this.#drain());
    output.on("close", () => this.#leave());
    output.on("error", () => this.#leave());
  }

  /** Aborted when the reader has left or was let go. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** @param position becomes the reader's Last-Event-ID. @param json one line */
  event(position: string, json: string): void {
    this.#send(`id: ${position}\ndata: ${json}\n\n`);
  }

  /** Keeps the connection open where nothing happens, and the reader's place where its filter passes everything over. */
  heartbeat(position: string | null): void {
    this.#blockedBeats = this.#blocked ? this.#blockedBeats + 1 : 0;
    if (this.#blockedBeats > 1) this.drop("slow");
    else this.#send(`: heartbeat\n${position === null ? "" : `id: ${position}\n`}\n`);
  }

  drop(reason: DropReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.length = 0;
    this.#output.end(`event: dropped\ndata: ${JSON.stringify({ reason })}\n\n`);
    this.#leave();
    // A reader that goes on now still gets all of it; one that never does must not hold the connection.
    setTimeout(() => this.#output.destroy(), GRACE_MS).unref();
  }

  /** Resolves when nothing waits any more, or the reader has left. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0 || this.#left.signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    return promise;
  }

  #send(text: string): void {
    if (this.#ended || this.#left.signal.aborted) return;
    if (this.#characters > this.#capacity) {
      this.drop("slow");
      return;
    }
    this.#waiting.push(text);
    this.#characters += text.length;
    if (!this.#blocked) this.#pump();
  }

  #pump(): void {
    while (!this.#blocked) {
      const text = this.#waiting.shift();
      if (text === undefined) break;
      this.#characters -= text.length;
      this.#blocked = !this.#output.write(text);
    }
    if (this.#waiting.length > 0) return;
    this.#onDrained?.();
    this.#onDrained = null;
  }

  #drain(): void {
    this.#blocked = false;
    this.#blockedBeats = 0;
    if (!this.#ended) this.#pump();
  }

  #leave(): void {
    this.#left.abort();
    this.#onDrained?.();
    this.#onDrained = null;
  }
}

const GRACE_MS = 5_000;
