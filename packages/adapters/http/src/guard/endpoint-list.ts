/** The lists ENDPOINT_ALLOW and ENDPOINT_DENY: hosts, addresses and networks. */
import { BlockList, isIP } from "node:net";
import { familyOf, formsOf } from "./addresses.ts";

export interface Target {
  /** As the URL standard writes it: lower case, punycode, IPv6 without brackets; without a dot at the end. */
  readonly host: string;
  readonly port: number;
}

interface Entry<T> {
  readonly match: (of: T) => boolean;
  /** Null: any. */
  readonly port: number | null;
}

export interface EndpointList {
  /** `*` is in it. */
  readonly everything: boolean;
  hasName(target: Target): boolean;
  /** By its name itself, and not by a wildcard. */
  hasExactName(target: Target): boolean;
  hasAddress(address: string, port: number): boolean;
  /** Whether some entry is an address or a network. */
  readonly addresses: boolean;
}

export type ParsedEndpointList =
  | { readonly ok: true; readonly list: EndpointList }
  /** The entries that are none. */
  | { readonly ok: false; readonly bad: readonly string[] };

/** A host as `Target` has it; null for text that is none. */
export const hostOf = (text: string): string | null => {
  const url = /[/?#@\\]/.test(text) ? null : URL.parse(`http://${text}/`);
  if (url === null || url.hostname === "" || url.port !== "") return null;
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
};

const ENTRY = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:/[\]]+))(?::(?<port>\d{1,5}))?$/;

const networkOf = (address: string, bits: number): BlockList | null => {
  const family = familyOf(address);
  if (bits > (family === "ipv4" ? 32 : 128)) return null;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list;
};

class Builder implements EndpointList {
  everything = false;
  readonly #exact: Entry<string>[] = [];
  readonly #wild: Entry<string>[] = [];
  readonly #networks: Entry<string>[] = [];

  get addresses(): boolean {
    return this.#networks.length > 0;
  }

  hasExactName({ host, port }: Target): boolean {
    return this.#exact.some((entry) => fits(entry, host, port));
  }

  hasName(target: Target): boolean {
    return this.hasExactName(target) || this.#wild.some((entry) => fits(entry, target.host, target.port));
  }

  hasAddress(address: string, port: number): boolean {
    return formsOf(address).some((form) => this.#networks.some((entry) => fits(entry, form, port)));
  }

  /** @returns whether it is an entry */
  add(text: string): boolean {
    if (text === "*") {
      this.everything = true;
      return true;
    }
    const network = /^(?<address>[^/]+)\/(?<bits>\d{1,3})$/.exec(text)?.groups as
      | { readonly address: string; readonly bits: string }
      | undefined;
    if (network !== undefined) {
      return isIP(network.address) !== 0 && this.#addNetwork(network.address, Number(network.bits), null);
    }
    if (isIP(text) === 6) return this.#addNetwork(text, 128, null);
    const { v6, host, port: digits } = ENTRY.exec(text)?.groups ?? {};
    const port = digits === undefined ? null : Number(digits);
    if (port !== null && (port < 1 || port > 65_535)) return false;
    if (v6 !== undefined) return isIP(v6) === 6 && this.#addNetwork(v6, 128, port);
    return host !== undefined && this.#addHost(host, port);
  }

  #addNetwork(address: string, bits: number, port: number | null): boolean {
    const [form] = formsOf(address);
    const isMapped = isIP(address) === 6 && isIP(form) === 4;
    if (isMapped && bits < 96) return false;
    const network = networkOf(form, isMapped ? bits - 96 : bits);
    if (network === null) return false;
    this.#networks.push({ match: (other) => network.check(other, familyOf(other)), port });
    return true;
  }

  #addHost(text: string, port: number | null): boolean {
    const wild = text.startsWith("*.");
    const host = hostOf(wild ? text.slice(2) : text);
    if (host === null || host.includes("*")) return false;
    if (isIP(host) !== 0) return !wild && this.#addNetwork(host, 32, port);
    if (wild) this.#wild.push({ match: (other) => other.endsWith(`.${host}`), port });
    else this.#exact.push({ match: (other) => other === host, port });
    return true;
  }
}

const fits = (entry: Entry<string>, value: string, port: number): boolean =>
  entry.match(value) && (entry.port === null || entry.port === port);

/** @param text entries between commas or white space */
export const parseEndpointList = (text: string): ParsedEndpointList => {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  const list = new Builder();
  const bad = entries.filter((entry) => !list.add(entry));
  return bad.length === 0 ? { ok: true, list } : { ok: false, bad };
};
