/** Whether a server's port answers. */
import { connect } from "node:net";
import { type Finding, fail, ok } from "./finding.ts";

const TIMEOUT_MS = 3_000;

export const reach = async (check: string, what: string, host: string, port: number): Promise<Finding> => {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host: host.replace(/^\[(.*)\]$/, "$1"), port, timeout: TIMEOUT_MS });
  socket.once("connect", () => resolve(null));
  socket.once("timeout", () => resolve("no answer within 3 s"));
  socket.once("error", (error) => resolve(error.message || "no connection"));
  const trouble = await promise;
  socket.destroy();
  const server = `${what} on ${host}:${port}`;
  return trouble === null
    ? ok(check, `${server} accepts connections`)
    : fail(check, `${server} cannot be reached: ${trouble}`, "start the server, or correct the URL");
};
