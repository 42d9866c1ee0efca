/** A test server in this process, and stores on it. */
import type { TestContext } from "node:test";
import { EventStoreDbEventStore, type EventStoreDbOptions } from "@sluice/adapter-eventstore";
import type { ProposedEvent } from "./server/log.ts";
import { TestServer, type TestServerOptions } from "./server/server.ts";

export const PREFIX = "sluice.";

/** Short enough for a test to wait for. */
const TIMES = { deadlineMs: 2_000, resendMs: 200, idleCheckMs: 50 };

export type Overrides = Partial<EventStoreDbOptions>;

export const serverOf = async (t: TestContext, options: TestServerOptions = {}): Promise<TestServer> => {
  const server = new TestServer(options);
  await server.start();
  t.after(() => server.stop());
  return server;
};

/** Stopped after the test. */
export const openStore = async (t: TestContext, options: EventStoreDbOptions): Promise<EventStoreDbEventStore> => {
  const store = new EventStoreDbEventStore({ ...TIMES, ...options });
  t.after(() => store.stop());
  await store.start();
  return store;
};

export const storesOf = async (t: TestContext, options: TestServerOptions = {}) => {
  const server = await serverOf(t, options);
  const open = (overrides: Overrides = {}) => openStore(t, { url: server.url, ...overrides });
  return { server, open };
};

/** Of another application on the same server. */
export const foreignEvent = (type = "OrderPlaced"): ProposedEvent => ({
  id: crypto.randomUUID(),
  type,
  isJson: true,
  data: Buffer.from(`{"amount":1}`),
  metadata: new Uint8Array(),
});
