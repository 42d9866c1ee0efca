/**
 * Where nothing may be sent, whatever a flow says.
 *
 * | in this order                                                     | verdict |
 * |-------------------------------------------------------------------|---------|
 * | ENDPOINT_DENY has the name or the address                         | blocked |
 * | ENDPOINT_ALLOW has the address, by itself or its network          | allowed |
 * | the address is link-local, metadata, unspecified, multicast, reserved | blocked |
 * | the name is that of a metadata server, and not itself in ENDPOINT_ALLOW | blocked |
 * | ENDPOINT_ALLOW has `*` or the name                                | allowed |
 * | anything else                                                     | blocked |
 *
 * So a name in ENDPOINT_ALLOW does not open what the name may one day resolve to. A URL alone is judged by what it says;
 * each connection is judged again by the address that it is about to be opened to.
 */
import { isIP } from "node:net";
import { formsOf, specialKind } from "./addresses.ts";
import { type EndpointList, hostOf, parseEndpointList, type Target } from "./endpoint-list.ts";

const METADATA_NAMES = new Set([
  "instance-data",
  "instance-data.ec2.internal",
  "metadata",
  "metadata.goog",
  "metadata.google.internal",
  "metadata.tencentyun.com",
]);

export interface EndpointGuardOptions {
  /** Default `*`. */
  readonly allow?: string;
  /** Default: nothing. */
  readonly deny?: string;
}

/** Nothing is sent there; the message says why, and can be shown. */
export class EndpointBlocked extends Error {
  override readonly name = "EndpointBlocked";
}

const listOf = (name: string, text: string): EndpointList => {
  const parsed = parseEndpointList(text);
  if (!parsed.ok) throw new RangeError(`${name}: ${parsed.bad.join(", ")} is no host, address or network`);
  return parsed.list;
};

export class EndpointGuard {
  readonly #allow: EndpointList;
  readonly #deny: EndpointList;

  /** @throws RangeError when a list has something else than hosts, addresses and networks */
  constructor({ allow = "*", deny = "" }: EndpointGuardOptions = {}) {
    this.#allow = listOf("allow", allow);
    this.#deny = listOf("deny", deny);
  }

  /**
   * As far as the URL itself says. One that cannot be parsed is not judged here.
   * @returns why it is blocked, to follow "the URL …"; null when it is not
   */
  checkUrl(text: string): string | null {
    const url = URL.parse(text);
    const host = url === null ? null : hostOf(url.hostname);
    if (url === null || host === null) return null;
    const target = { host, port: portOf(url) };
    if (isIP(host) !== 0) return this.checkAddress(target, host);
    if (this.#deny.everything || this.#deny.hasName(target)) return `${host} is in ENDPOINT_DENY`;
    const metadata = this.#metadataName(target);
    if (metadata !== null) return metadata;
    const { everything, addresses } = this.#allow;
    return everything || addresses || this.#allow.hasName(target) ? null : `${host} is not in ENDPOINT_ALLOW`;
  }

  /** @param address of the host, about to be connected to. @returns as `checkUrl` */
  checkAddress(target: Target, address: string): string | null {
    const { host, port } = target;
    const shown = host === address ? address : `${host}, at ${address},`;
    const { everything } = this.#deny;
    if (everything || this.#deny.hasName(target) || this.#deny.hasAddress(address, port)) {
      return `${shown} is in ENDPOINT_DENY`;
    }
    if (this.#allow.hasAddress(address, port)) return null;
    const kind = formsOf(address)
      .map(specialKind)
      .find((found) => found !== null);
    if (kind !== undefined) return `${shown} is ${kind}, where nothing is sent unless ENDPOINT_ALLOW has the address`;
    const metadata = this.#metadataName(target);
    if (metadata !== null) return metadata;
    return this.#allow.everything || this.#allow.hasName(target) ? null : `${shown} is not in ENDPOINT_ALLOW`;
  }

  #metadataName(target: Target): string | null {
    if (!METADATA_NAMES.has(target.host) || this.#allow.hasExactName(target)) return null;
    return `${target.host} is a cloud's metadata server, where nothing is sent unless ENDPOINT_ALLOW names it`;
  }
}

/** @param url of scheme http or https */
export const portOf = ({ port, protocol }: { readonly port: string; readonly protocol: string }): number => {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
};
