/**
 * Opens connections to addresses that the guard allows, and to no other. The check is made on the very addresses that
 * are connected to, at every connection: whatever a name resolved to before does not count.
 */
import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { EndpointBlocked, type EndpointGuard, portOf } from "./endpoint-guard.ts";
import { hostOf } from "./endpoint-list.ts";

/** `dns.lookup` with `all`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export const resolveAll: ResolveAll = (hostname, options, callback) => systemLookup(hostname, options, callback);

/** Of a name's addresses those that may be connected to are left; it fails when that is none. */
const guardedLookup =
  (guard: EndpointGuard, resolve: ResolveAll, port: number): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true } as LookupAllOptions, (error, addresses) => {
      if (error !== null) {
        callback(error, "");
        return;
      }
      const target = { host: hostOf(hostname) ?? hostname, port };
      const verdicts = addresses.map(({ address }) => guard.checkAddress(target, address));
      const [first, ...more] = addresses.filter((_, index) => verdicts[index] === null);
      if (first === undefined) callback(new EndpointBlocked(verdicts[0] ?? `${hostname} has no address`), "");
      else if (options.all === true) callback(null, [first, ...more]);
      else callback(null, first.address, first.family);
    });
  };

/** The most ports to which a connector is kept. */
const MOST_PORTS = 256;

export const guardedConnector = (
  options: buildConnector.BuildOptions,
  guard: EndpointGuard,
  resolve: ResolveAll,
): buildConnector.connector => {
  // A lookup is not told the port that it is for.
  const connectors = new Map<number, buildConnector.connector>();
  const connectorTo = (port: number): buildConnector.connector => {
    let connector = connectors.get(port);
    if (connector === undefined) {
      if (connectors.size >= MOST_PORTS) connectors.clear();
      connector = buildConnector({ ...options, lookup: guardedLookup(guard, resolve, port) });
      connectors.set(port, connector);
    }
    return connector;
  };
  return (target, callback) => {
    const port = portOf(target);
    const host = hostOf(target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname) ?? target.hostname;
    const blocked = isIP(host) === 0 ? null : guard.checkAddress({ host, port }, host);
    if (blocked === null) return connectorTo(port)(target, callback);
    process.nextTick(callback, new EndpointBlocked(blocked), null);
  };
};
