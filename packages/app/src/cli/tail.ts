/** Follows the live tail, and comes back to where it was when the connection ends. */
import { setTimeout as delay } from "node:timers/promises";
import type { Problem, RecordedEvent } from "@sluice/contracts";
import type { operations, paths } from "@sluice/contracts/client";
import { CommandError } from "./command-error.ts";
import type { Connection } from "./connection.ts";
import { EventWriter } from "./event-formats.ts";
import { readEventStream } from "./event-stream.ts";
import type { EventFormat } from "./format-options.ts";
import { harmless, note } from "./output.ts";

const LIVE = "/api/v1/live" satisfies keyof paths;
type Query = NonNullable<operations["tailEvents"]["parameters"]["query"]>;

export interface TailOptions {
  readonly query: { readonly [Name in Exclude<keyof Query, "after">]?: string | undefined };
  readonly after: string | undefined;
  readonly format: EventFormat;
  readonly limit: number;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A heartbeat comes every 15 seconds. */
const SILENCE_MS = 45_000;

export const tail = async (
  { adminUrl, token }: Pick<Connection, "adminUrl" | "token">,
  { query, after, format, limit }: TailOptions,
): Promise<void> => {
  const url = new URL(adminUrl + LIVE);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  const writer = new EventWriter(format);
  let last = after ?? "";
  let left = limit;
  let wait = FIRST_WAIT_MS;
  for (;;) {
    let reason = "the connection ended";
    try {
      for await (const event of eventsOf(url, token, last)) {
        wait = FIRST_WAIT_MS;
        if (event.lastId !== "") last = event.lastId;
        if (event.name === "dropped") {
          reason = `the gateway ended the stream: ${harmless(reasonOf(event.data))}`;
          continue;
        }
        if (event.data === "") continue;
        await writer.write(JSON.parse(event.data) as RecordedEvent);
        left -= 1;
        if (left === 0) return;
      }
    } catch (error) {
      if (error instanceof CommandError) throw error;
      reason = `the gateway at ${adminUrl} does not answer`;
    }
    note(`sluice: ${reason}; again in ${wait / 1_000} s${last === "" ? "" : `, from position ${harmless(last)} on`}`);
    await delay(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
};

const reasonOf = (data: string): string => {
  try {
    return String((JSON.parse(data) as { reason?: unknown }).reason);
  } catch {
    return data;
  }
};

/** @throws CommandError when asking again is of no use */
async function* eventsOf(url: URL, token: string | undefined, last: string) {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(url, {
      headers: {
        accept: "text/event-stream, application/problem+json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(last === "" ? {} : { "last-event-id": last }),
      },
      signal: silence.signal,
    });
    if (!response.ok || response.body === null) {
      if (response.status >= 500 || response.status === 429) return;
      throw refusal(response.status, await response.text());
    }
    const heard = async function* (body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) {
        timer.refresh();
        yield chunk;
      }
    };
    yield* readEventStream(heard(response.body));
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

const refusal = (status: number, text: string): CommandError => {
  let problem: Partial<Problem> = {};
  try {
    problem = JSON.parse(text) as Partial<Problem>;
  } catch {
    // It is told by its status.
  }
  return new CommandError(harmless(problem.title ?? `the server answered ${status}`), {
    details: (problem.errors ?? []).map(({ pointer, message }) => harmless(`${pointer}: ${message}`)),
    ...(status === 401
      ? { hint: "give the token with --token or ADMIN_TOKEN, or name the DATA_DIR with --data-dir" }
      : {}),
  });
};
