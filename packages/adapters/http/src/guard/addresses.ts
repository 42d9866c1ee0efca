/** IP addresses: one way to write each, and those at which no endpoint is. */
import { BlockList, isIP, isIPv4 } from "node:net";

export type AddressKind = "link-local" | "a cloud's metadata address" | "unspecified" | "multicast" | "reserved";

/**
 * RFC 6890 and its registry; of metadata addresses: Amazon (IPv6 too), Google (IPv6), Alibaba, Azure's host, Oracle. The
 * IPv4 address that most clouds share, 169.254.169.254, is link-local.
 */
const RANGES: readonly (readonly [AddressKind, readonly string[]])[] = [
  [
    "a cloud's metadata address",
    ["100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128"],
  ],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["unspecified", ["0.0.0.0/8", "::/128"]],
  ["multicast", ["224.0.0.0/4", "ff00::/8"]],
  ["reserved", ["240.0.0.0/4"]],
];

export const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv4(address) ? "ipv4" : "ipv6");

const special = RANGES.map(([kind, ranges]) => {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split("/") as [string, string];
    list.addSubnet(network, Number(bits), familyOf(network));
  }
  return [kind, list] as const;
});

/** The eight groups of an IPv6 address. */
const groupsOf = (address: string): readonly number[] => {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = "", after] = canonical.split("::");
  const parse = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [parse(before), parse(after ?? "")];
  return after === undefined ? first : [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
};

const ipv4Of = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;

/** The IPv4 address to which an IPv6 one leads: mapped, compatible (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4. */
const embeddedIpv4 = (address: string): { readonly ipv4: string; readonly mapped: boolean } | null => {
  const groups = groupsOf(address) as [number, number, number, number, number, number, number, number];
  const [a, b, c, , , f, high, low] = groups;
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  if (zeros(0, 5) && f === 0xffff) return { ipv4: ipv4Of(high, low), mapped: true };
  const isNat64 = a === 0x64 && b === 0xff9b && (zeros(2, 6) || c === 1);
  // :: and ::1 are no IPv4 addresses.
  const isCompatible = zeros(0, 6) && (high !== 0 || low > 1);
  if (isNat64 || isCompatible) return { ipv4: ipv4Of(high, low), mapped: false };
  return a === 0x2002 ? { ipv4: ipv4Of(b, c), mapped: false } : null;
};

/**
 * The address in every form under which it may be listed, its own first. A mapped IPv4 address is that IPv4 address.
 * @param address IPv4 or IPv6, with or without a zone
 */
export const formsOf = (address: string): readonly [string, ...string[]] => {
  const plain = address.replace(/%.*$/, "");
  if (isIP(plain) !== 6) return [plain];
  const embedded = embeddedIpv4(plain);
  if (embedded === null) return [plain];
  return embedded.mapped ? [embedded.ipv4] : [plain, embedded.ipv4];
};

/** Null for an address at which an endpoint may be. */
export const specialKind = (address: string): AddressKind | null =>
  special.find(([, list]) => list.check(address, familyOf(address)))?.[0] ?? null;
