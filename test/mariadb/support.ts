/** What tests of a MariaDB that fails work with. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "mariadb";

/** Until a transaction waits for another's lock. The server renews what it tells only when nobody asked for 100 ms. */
export const untilSomeoneWaits = async (connection: Connection): Promise<void> => {
  const waiting = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
  do await pause(120);
  while ((await connection.query<unknown[]>(waiting)).length === 0);
};

/** Passes everything on, but for the answer to one COMMIT: there it ends the connection. */
export const makeProxy = async (t: TestContext, port: number) => {
  const state = { armed: false };
  const proxy = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let cut = false;
    client.on("data", (bytes) => {
      if (state.armed && bytes.includes("COMMIT")) {
        state.armed = false;
        cut = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => (cut ? client.destroy() : client.write(bytes)));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  return { state, port: (proxy.address() as { port: number }).port };
};
