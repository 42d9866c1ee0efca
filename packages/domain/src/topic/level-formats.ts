/** Formats that a named topic level can ask for: `devices/{id:uuid}/data`. */

/** Pairs of hex digits with one kind of separator throughout, or with none. */
const MAC = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}|[0-9a-f]{10})$/i;

const patterns = {
  /** RFC 9562 text form of any version, in either case. */
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /** EUI-48: `AA:BB:CC:DD:EE:FF`, `aa-bb-cc-dd-ee-ff` or `aabbccddeeff`. */
  mac: MAC,
  /** Decimal digits, of any number, with or without a minus sign. */
  int: /^-?[0-9]+$/,
  /** ASCII letters, digits, `-` and `_`; at least one. */
  slug: /^[A-Za-z0-9_-]+$/,
} as const;

export type LevelFormat = keyof typeof patterns;

export const levelFormats = Object.keys(patterns) as readonly LevelFormat[];

export const isLevelFormat = (name: string): name is LevelFormat => Object.hasOwn(patterns, name);

export const hasFormat = (level: string, format: LevelFormat): boolean => patterns[format].test(level);

/** `AA:BB:CC:DD:EE:FF` for a MAC address in any of the accepted forms, so that one device has one name; else null. */
export const normaliseMac = (text: string): string | null => {
  if (!MAC.test(text)) return null;
  const digits = text.replace(/[:-]/g, "").toUpperCase();
  return (digits.match(/../g) as string[]).join(":");
};
