/** Servers to deliver to, well-behaved and otherwise, and a gateway that is stopped after the test. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { type HttpGatewayOptions, UndiciEndpointGateway } from "@sluice/adapter-http";
import type { EndpointRequest } from "@sluice/domain";

export interface Endpoint {
  readonly url: string;
  /** Connections opened so far. */
  readonly connections: () => number;
  /** Connections open now. */
  readonly open: () => number;
}

/** Listens on a free port until the test ends. */
export const listen = async (test: TestContext, server: Server, scheme = "http"): Promise<Endpoint> => {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${scheme}://127.0.0.1:${port}/`, connections: () => connections, open: () => sockets.size };
};

export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** An HTTP server that reads every request to its end before it answers. */
export const httpEndpoint = (
  test: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
): Promise<Endpoint> =>
  listen(
    test,
    createServer(async (request, response) => answer(request, response, await readBody(request))),
  );

/** A server that writes whatever it likes once a request has come in. */
export const rawEndpoint = (test: TestContext, answer: (socket: Socket) => void): Promise<Endpoint> =>
  listen(
    test,
    createRawServer((socket) => socket.once("data", () => answer(socket))),
  );

export const startGateway = async (
  test: TestContext,
  options: Partial<HttpGatewayOptions> = {},
): Promise<UndiciEndpointGateway> => {
  const gateway = new UndiciEndpointGateway({ clock: { now: () => Date.parse("2026-01-01T00:00:00Z") }, ...options });
  await gateway.start();
  test.after(() => gateway.stop());
  return gateway;
};

export const post = (url: string, overrides: Partial<EndpointRequest> = {}): EndpointRequest => ({
  url,
  headers: {},
  body: Buffer.from('{"temperature":21.5}'),
  idempotencyKey: "01890a5d-ac96-774b-bcce-b302099a8057",
  timeoutMs: 5_000,
  ...overrides,
});

/** Waits for what becomes true soon; fails when it does not. */
export const eventually = async (what: string, holds: () => boolean, withinMs = 2_000): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
