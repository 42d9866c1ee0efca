/** A way to the server that can be cut. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { postgresUrl } from "../support/postgres.ts";

/** Passes everything on; when armed, what comes after one COMMIT is told, or from some statement on nothing is answered. */
export const makeProxy = async (t: TestContext) => {
  const target = new URL(postgresUrl);
  const state = { cutAfter: null as string | null, silentAfter: null as string | null };
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let answer: "pass" | "cut" | "silent" = "pass";
    client.on("data", (bytes) => {
      if (state.cutAfter !== null && bytes.includes(state.cutAfter)) answer = "cut";
      if (state.silentAfter !== null && bytes.includes(state.silentAfter)) answer = "silent";
      if (answer !== "pass") state.cutAfter = state.silentAfter = null;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (answer === "pass") client.write(bytes);
      if (answer === "cut") client.destroy();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const url = new URL(postgresUrl);
  url.hostname = "127.0.0.1";
  url.port = String((proxy.address() as { port: number }).port);
  return { state, url: url.href };
};
