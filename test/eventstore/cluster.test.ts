/** A cluster: the leader is found by gossip, followed when it changes, and missed without harm. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EventStoreUnavailable } from "@sluice/domain";
import { ids, many, readEverything, to } from "../conformance/event-store-support.ts";
import type { Member } from "./server/cluster-service.ts";
import { EventLog } from "./server/log.ts";
import type { TestServer } from "./server/server.ts";
import { openStore, serverOf } from "./setup.ts";

/** Two nodes with one log; the first leads. */
const clusterOf = async (t: TestContext) => {
  const log = new EventLog();
  const nodes = [await serverOf(t, { log }), await serverOf(t, { log })] as const;
  const lead = (leader: TestServer): void => {
    const members = nodes.map(
      (node): Member => ({ port: node.port, role: node === leader ? "leader" : "follower", isAlive: true }),
    );
    for (const node of nodes) {
      node.members = members;
      node.state.leader = node === leader ? null : { host: "127.0.0.1", port: leader.port };
    }
  };
  lead(nodes[0]);
  const hosts = nodes.map((node) => `127.0.0.1:${node.port}`).join(",");
  return { nodes, lead, url: `esdb://${hosts}?tls=false&maxDiscoverAttempts=2&discoveryInterval=20` };
};

test("finds the leader by gossip", async (t) => {
  const { nodes, url } = await clusterOf(t);
  for (let round = 0; round < 4; round++) {
    const store = await openStore(t, { url, streamPrefix: `round${round}.` });
    await store.append([to("flow-A", many(1), 0)]);
  }
  assert.deepEqual([nodes[0].state.appends, nodes[1].state.appends], [4, 0]);
});

test("follows the leader that a follower names, with appends and with reads", async (t) => {
  const { nodes, lead } = await clusterOf(t);
  const [first, second] = nodes;
  const store = await openStore(t, { url: first.url });
  await store.append([to("flow-A", many(2), 0)]);
  lead(second);
  assert.deepEqual((await store.append([to("flow-A", many(2), 2)])).versions, [4]);
  assert.deepEqual([first.state.appends, second.state.appends], [1, 1]);
  lead(first);
  assert.equal((await readEverything(store)).length, 4);
  const started = await openStore(t, { url: second.url });
  assert.equal(await started.head(), await store.head());
});

test("goes on with a subscription and with many appends under way while the leader changes", async (t) => {
  const { nodes, lead, url } = await clusterOf(t);
  const store = await openStore(t, { url });
  const abort = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const page of store.subscribe({ signal: abort.signal })) {
      seen.push(...ids(page.events));
      if (seen.length >= 60) abort.abort();
    }
  })();
  for (let round = 0; round < 6; round++) {
    const batches = Array.from({ length: 5 }, (_, index) => [to(`flow-${index}`, many(2), round * 2)]);
    await Promise.all(batches.map((batch) => store.append(batch)));
    lead(nodes[(round + 1) % 2] as TestServer);
    nodes[round % 2]?.dropSubscriptions();
  }
  await reading;
  assert.deepEqual(seen, ids(await readEverything(store)));
});

test("outlives a cluster that cannot be found, and goes on when it is back", async (t) => {
  const { nodes, lead, url } = await clusterOf(t);
  const store = await openStore(t, { url, deadlineMs: 1_000 });
  const batch = [to("flow-A", many(2), 0)];
  const abort = new AbortController();
  const reading = (async () => {
    for await (const page of store.subscribe({ signal: abort.signal })) assert.ok(page);
  })().catch((error: Error) => error);
  await store.append([to("flow-B", many(1), 0)]);
  for (const node of nodes) node.crash();
  const rejections: unknown[] = [];
  const note = (error: unknown): void => void rejections.push(error);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const failing = Array.from({ length: 10 }, async () => {
    await assert.rejects(store.append(batch), EventStoreUnavailable);
    await assert.rejects(store.head(), EventStoreUnavailable);
  });
  await Promise.all(failing);
  assert.ok((await reading) instanceof EventStoreUnavailable);
  assert.deepEqual(rejections, []);
  for (const node of nodes) await node.start();
  lead(nodes[1]);
  assert.equal((await store.append(batch)).duplicate, false);
});
