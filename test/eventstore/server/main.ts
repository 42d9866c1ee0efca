/** The test server as a process of its own, which says its connection string on stdout and ends with stdin. */
import { TestServer } from "./server.ts";

/** One instant for all events of an append: the conformance suite holds their times against each other. */
const instantOfTurn = (): (() => number) => {
  let instant: number | null = null;
  return () => {
    if (instant === null) setImmediate(() => (instant = null));
    instant ??= Date.now();
    return instant;
  };
};

const server = new TestServer({ now: instantOfTurn() });
await server.start();
console.log(server.url);
process.stdin.resume().on("end", () => process.exit());
