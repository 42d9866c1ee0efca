/** What the server sends on a call, in portions: what has arrived since the last one. Bounded: a full feed is paused. */

import type { StreamsClient } from "@eventstore/db-client/generated/streams_grpc_pb.js";
import type { ReadResp } from "@eventstore/db-client/generated/streams_pb.js";
import { isStreamDeleted, readFailure } from "./failures.ts";

export type ReadCall = ReturnType<StreamsClient["read"]>;

const MOST_RESPONSES = 256;
const MOST_BYTES = 8 * 1024 * 1024;

export class ResponseFeed {
  readonly #call: ReadCall;
  #responses: ReadResp[] = [];
  #bytes = 0;
  #failure: Error | null = null;
  #ended = false;
  #news: (() => void) | null = null;

  constructor(call: ReadCall) {
    this.#call = call;
    call.on("data", (response: ReadResp) => {
      this.#responses.push(response);
      this.#bytes += response.getEvent()?.getEvent()?.getData_asU8().length ?? 0;
      if (this.#responses.length >= MOST_RESPONSES || this.#bytes >= MOST_BYTES) call.pause();
      this.#news?.();
    });
    // A stream that was deleted for good is as empty as one that there never was.
    call.on("error", (error) => this.#end(isStreamDeleted(error) ? null : readFailure(error)));
    call.on("end", () => this.#end(null));
  }

  /** Nothing comes any more, and nothing went wrong: the last portion was the last one. */
  get ended(): boolean {
    return this.#ended && this.#responses.length === 0 && this.#failure === null;
  }

  /**
   * At least one response; none after `quietMs` without one, or at the end.
   * @throws EventStoreUnavailable, RangeError what the call failed with, after what had arrived before
   */
  async take(quietMs: number): Promise<readonly ReadResp[]> {
    if (this.#responses.length === 0 && !this.#ended) await this.#wait(quietMs);
    if (this.#responses.length > 0) {
      const taken = this.#responses;
      this.#responses = [];
      this.#bytes = 0;
      this.#call.resume();
      return taken;
    }
    if (this.#failure) throw this.#failure;
    return [];
  }

  /** Ends the call; `take` then gives what is left, and no error. */
  cancel(): void {
    this.#end(null);
    this.#call.cancel();
  }

  #end(failure: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#news?.();
  }

  async #wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#news = resolve;
    await promise;
    clearTimeout(timer);
    this.#news = null;
  }
}
