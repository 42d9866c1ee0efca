/** An HTTP endpoint of one's own, for the demo: takes what is posted to it and shows the last of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { listenOnFree } from "./ports.ts";

interface Received {
  readonly at: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  stop(): Promise<void>;
}

const KEPT = 100;
const NEWLINE = Buffer.from("\n");

/**
 * `POST` anywhere is answered by 204. `GET /` gives the last bodies byte for byte, one a line and the newest last;
 * `GET /last` the newest alone, `GET /requests` all with their headers as JSON.
 * @param port the first to try; the next free one is taken
 */
export const startReceiver = async (port: number): Promise<Receiver> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    handle(request, response, received).catch(() => response.destroy());
  });
  await listenOnFree(server, "127.0.0.1", port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => close(server),
  };
};

const close = async (server: Server): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
};

const handle = async (request: IncomingMessage, response: ServerResponse, received: Received[]): Promise<void> => {
  if (request.method === "POST" || request.method === "PUT") {
    const body = await buffer(request);
    received.push({ at: new Date().toISOString(), path: request.url ?? "/", headers: request.headers, body });
    if (received.length > KEPT) received.shift();
    response.writeHead(204).end();
    return;
  }
  if (request.method !== "GET") {
    response.writeHead(405, { allow: "GET, POST, PUT" }).end();
    return;
  }
  switch (request.url) {
    case "/":
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
      response.end(Buffer.concat(received.flatMap(({ body }) => [body, NEWLINE])));
      return;
    case "/last":
      answerLast(response, received.at(-1));
      return;
    case "/requests":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify(
          received.map(({ body, ...rest }) => ({ ...rest, body: body.toString("utf8") })),
          null,
          2,
        ),
      );
      return;
    default:
      response.writeHead(404, { "content-type": "text/plain" }).end("GET / or /last or /requests\n");
  }
};

const answerLast = (response: ServerResponse, last: Received | undefined): void => {
  if (last === undefined) response.writeHead(404, { "content-type": "text/plain" }).end("nothing yet\n");
  else
    response
      .writeHead(200, { "content-type": last.headers["content-type"] ?? "application/octet-stream" })
      .end(last.body);
};
