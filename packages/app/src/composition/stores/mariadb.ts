import { readFileSync } from "node:fs";
import {
  MariadbFlowSource,
  type MariadbProjectionOptions,
  MariadbProjectionRebuild,
  MariadbProjectionStore,
} from "@sluice/adapter-mariadb";
import type { ProjectionStores } from "./store-adapter.ts";

export const projectionStores = (url: URL): ProjectionStores => ({
  projectionStore: ({ clock }) => new MariadbProjectionStore({ ...mariadbOptions(url), clock }),
  projectionRebuild: ({ clock }) => new MariadbProjectionRebuild({ ...mariadbOptions(url), clock }),
  flowSource: () => new MariadbFlowSource(mariadbOptions(url)),
});

/** `?tls=true` checks the server's certificate, against the PEM file `ca` if given; `cert` and `key` are ours. */
export const mariadbOptions = (url: URL): MariadbProjectionOptions => {
  const file = (name: string): string | undefined => {
    const path = url.searchParams.get(name);
    return path === null ? undefined : readFileSync(path, "utf8");
  };
  const [ca, cert, key] = [file("ca"), file("cert"), file("key")];
  const tls = url.searchParams.get("tls") === "true" || ca !== undefined || cert !== undefined;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(tls
      ? {
          tls:
            ca === undefined && cert === undefined
              ? true
              : {
                  ...(ca === undefined ? {} : { ca }),
                  ...(cert === undefined ? {} : { cert }),
                  ...(key === undefined ? {} : { key }),
                },
        }
      : {}),
  };
};
