/** Finding what a row or an event is, and so the message that it comes of. */
import { dataOf, items, type Schema, type SluiceClient } from "@sluice/contracts/client";
import { CommandError } from "./command-error.ts";

export interface Origin {
  /** Null for an event that led to no row, or whose row is gone. */
  readonly row: Schema<"DataItem"> | null;
  /** Null for a row of the older gateway, and where the log does not have it. */
  readonly event: Schema<"Event"> | null;
}

/** @throws CommandError when there is no such row or event */
export const findOrigin = async (
  api: SluiceClient,
  { row, event }: { readonly row: string | undefined; readonly event: string | undefined },
): Promise<Origin> => (row === undefined ? ofEvent(api, `${event}`.toLowerCase()) : ofRow(api, row));

const ofRow = async (api: SluiceClient, id: string): Promise<Origin> => {
  const row = dataOf(await api.GET("/api/v1/data/{id}", { params: { path: { id } } }));
  return { row, event: await eventOf(api, row) };
};

const eventOf = async (api: SluiceClient, { messageId, eventId }: Schema<"DataItem">): Promise<Origin["event"]> => {
  if (messageId === null || eventId === null) return null;
  for await (const event of items(api, "/api/v1/events", { query: { messageId } })) {
    if (event.id === eventId) return event;
  }
  return null;
};

const ofEvent = async (api: SluiceClient, id: string): Promise<Origin> => {
  const { items: rows } = dataOf(await api.GET("/api/v1/data", { params: { query: { eventId: id, limit: 1 } } }));
  const [row] = rows;
  if (row !== undefined) return { row, event: await eventOf(api, row) };
  const event = await inTheLog(api, id);
  if (event !== null) return { row: null, event };
  throw new CommandError(`no event was found with the id ${id}`, {
    hint: "no row came of it, and none was recorded when the id was made; `sluice events` shows each event with its message",
  });
};

/** An event is recorded soon after its id, a UUID of version 7, was made. */
const BEFORE_MS = 1_000;
const AFTER_MS = 60_000;
const MOST_EVENTS = 50_000;

const inTheLog = async (api: SluiceClient, id: string): Promise<Origin["event"]> => {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) return null;
  const made = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  const query = { from: new Date(made - BEFORE_MS).toISOString(), to: new Date(made + AFTER_MS).toISOString() };
  for await (const event of items(api, "/api/v1/events", { query, limit: MOST_EVENTS })) {
    if (event.id === id) return event;
  }
  return null;
};
