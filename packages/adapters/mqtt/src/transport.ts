/** Opens the byte stream to the broker: TCP, TLS or a WebSocket. */
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { IClientOptions, MqttClient } from "mqtt";
import { streamBuilder as webSocketStream } from "mqtt/lib/connect/ws";
import { readPem, type SourceConfig } from "./config.ts";

export interface Credentials {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export const isSecure = (url: URL): boolean => url.protocol === "mqtts:" || url.protocol === "wss:";

/** @throws when a file cannot be read */
export const readCredentials = async ({ url, tls }: SourceConfig): Promise<Credentials> => {
  if (!isSecure(url)) return {};
  const [ca, cert, key] = await Promise.all([readPem(tls.ca), readPem(tls.cert), readPem(tls.key)]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};

/** Remaining Length at its largest, and a header of five bytes (MQTT 5, 2.1.4). */
const MAXIMUM_PACKET_BYTES = 268_435_455 + 5;

const DEFAULT_PORTS: Record<string, number> = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 80, "wss:": 443 };

export const openTransport = (config: SourceConfig, credentials: Credentials, client: MqttClient): Duplex => {
  const { url, tls, connectTimeoutSeconds } = config;
  // An IPv6 address stands in brackets in a URL, and nowhere else.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] as number);
  const security: ConnectionOptions = { ...credentials, rejectUnauthorized: tls.insecure !== true };
  switch (url.protocol) {
    case "mqtt:":
      return connectTcp({ host, port, noDelay: true });
    case "mqtts:": {
      // An address is no server name (RFC 6066, 3).
      const socket = connectTls({ host, port, ...security, ...(isIP(host) === 0 ? { servername: host } : {}) });
      socket.setNoDelay(true);
      return socket;
    }
    default: {
      const options = {
        protocol: url.protocol.slice(0, -1) as "ws" | "wss",
        hostname: url.hostname,
        port,
        path: `${url.pathname === "" ? "/" : url.pathname}${url.search}`,
        protocolId: "MQTT",
        wsOptions: {
          ...(isSecure(url) ? security : {}),
          // The largest MQTT packet: a WebSocket message is read as a whole.
          maxPayload: MAXIMUM_PACKET_BYTES,
          handshakeTimeout: connectTimeoutSeconds * 1_000,
          perMessageDeflate: false,
        },
      };
      return webSocketStream(client, options as IClientOptions) as unknown as Duplex;
    }
  }
};
