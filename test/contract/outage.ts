/** A gateway on PostgreSQL whose connections to its log and to its projection can each be cut. */
import { inPostgres, makeSchema, postgresUrl } from "../support/postgres.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { World } from "./world.ts";

export const REQUESTS_PER_MINUTE = 2_000;

export interface Outage {
  readonly world: World;
  readonly log: TcpLink;
  readonly projection: TcpLink;
  stop(): Promise<void>;
}

const linkTo = (url: string): Promise<TcpLink> => TcpLink.open(() => Number(new URL(url).port || 5432));

const through = (link: TcpLink, schema: string): string => {
  const url = new URL(postgresUrl);
  url.hostname = "127.0.0.1";
  url.port = `${link.port}`;
  url.searchParams.set("schema", schema);
  return url.href;
};

/** Not started yet. */
export const makeOutage = async (): Promise<Outage> => {
  const [events, rows] = [await makeSchema(), await makeSchema()];
  const [log, projection] = [await linkTo(postgresUrl), await linkTo(postgresUrl)];
  await inPostgres("public", `CREATE SCHEMA ${rows.location}`);
  const world = new World({
    EVENT_STORE_URL: through(log, events.location),
    PROJECTION_URL: through(projection, rows.location),
    SEAL_LOG: "false",
    ADMIN_RATE_LIMIT: `${REQUESTS_PER_MINUTE}`,
  });
  return {
    world,
    log,
    projection,
    stop: async () => {
      await world.stop();
      await log.close();
      await projection.close();
      await events.remove();
      await rows.remove();
    },
  };
};
