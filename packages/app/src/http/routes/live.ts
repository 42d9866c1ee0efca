/** The log as it grows, as server-sent events. */
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { LiveQuery, type RecordedEvent } from "@sluice/contracts";
import { Type } from "typebox";
import { LiveClient } from "../../live/live-client.ts";
import { LiveFeed, MAX_LIVE_READERS } from "../../live/live-feed.ts";
import { withoutEndpointSecrets } from "../endpoint-secrets.ts";
import { checkPosition, filterOf } from "../event-filter.ts";
import { HttpProblem } from "../problems.ts";
import { answer, answers } from "../responses.ts";
import type { AdminServices } from "../services.ts";

const HEARTBEAT_MS = 15_000;
const EVENT_STREAM = "text/event-stream";

export interface LiveOptions {
  readonly heartbeatMs?: number;
  readonly maxReaders?: number;
}

export const liveRoutes: FastifyPluginAsyncTypebox<Pick<AdminServices, "store" | "log" | "tokens" | "live">> = async (
  app,
  { store, log, tokens, live = {} },
) => {
  const { heartbeatMs = HEARTBEAT_MS } = live;
  const feed = new LiveFeed({ store, log });
  const checkRoom = (): void => {
    if (feed.readers < (live.maxReaders ?? MAX_LIVE_READERS)) return;
    throw new HttpProblem("too-many-readers", { headers: { "retry-after": "5" } });
  };
  const beat = setInterval(() => feed.heartbeat(), heartbeatMs).unref();
  app.addHook("preClose", async () => {
    clearInterval(beat);
    feed.close();
  });

  app.route({
    method: "GET",
    url: "/api/v1/live",
    exposeHeadRoute: false,
    schema: {
      operationId: "tailEvents",
      summary: "What the event log records, as it does",
      description:
        "Server-sent events, each with the envelope as its data and its position as its id: from now on, or from behind " +
        "`Last-Event-ID` or `after`, so that a reader that comes back misses nothing. A comment comes every 15 seconds " +
        "where nothing happens. A reader that does not take what there is gets a last event named `dropped` with " +
        '`{"reason":"slow"}`, as do all with `stopped` when the gateway stops and `unauthorized` when the token ends.',
      tags: ["log"],
      querystring: LiveQuery,
      headers: Type.Object({
        "last-event-id": Type.Optional(Type.String({ minLength: 1, description: "Position; goes before `after`." })),
      }),
      response: answers(
        { 200: answer(Type.String(), { description: "A stream that does not end.", mediaType: EVENT_STREAM }) },
        "unauthorized",
        "bad-cursor",
        "invalid-query",
        "too-many-readers",
        "log-unavailable",
      ),
    },
    handler: async (request, reply) => {
      const { after: asked, ...query } = request.query;
      const filter = filterOf(query);
      const given = request.headers["last-event-id"] ?? asked;
      if (given !== undefined) checkPosition(given, store);
      checkRoom();
      const after = given ?? (await store.head());
      // Others may have come meanwhile.
      checkRoom();
      const { principal, raw: incoming } = request;
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": `${EVENT_STREAM}; charset=utf-8`,
        // Of a proxy that collects answers before it passes them on.
        "x-accel-buffering": "no",
      });
      reply.raw.flushHeaders();
      const client = new LiveClient(reply.raw);
      incoming.socket.setNoDelay(true);
      const token = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1]?.trimEnd();
      const check = setInterval(() => {
        if (token !== undefined && tokens.authenticate(token) === null) client.drop("unauthorized");
      }, heartbeatMs).unref();
      client.left.addEventListener("abort", () => clearInterval(check));
      const seesAll = principal === null || principal.role === "admin";
      const shown = (event: RecordedEvent) => (seesAll ? event : withoutEndpointSecrets(event));
      await feed.feed({ client, filter, after, shown });
    },
  });
};
