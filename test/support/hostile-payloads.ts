/**
 * Payloads that a broken or malicious device may send. `decodes` is the verdict of the JSON codec with its default
 * limits (1 MiB, 64 deep); whatever it is, nothing may crash, hang or be lost.
 */
export interface HostilePayload {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly decodes: boolean;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const accepted = (name: string, text: string): HostilePayload => ({ name, bytes: utf8(text), decodes: true });
const refused = (name: string, text: string): HostilePayload => ({ name, bytes: utf8(text), decodes: false });
const refusedBytes = (name: string, ...bytes: number[]): HostilePayload => ({
  name,
  bytes: Uint8Array.from(bytes),
  decodes: false,
});
const QUOTE = 0x22;
const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);

export const hostilePayloads: readonly HostilePayload[] = [
  // nesting
  accepted("64 arrays deep", nested(64, "[", "]")),
  refused("65 arrays deep", nested(65, "[", "]")),
  accepted("64 objects deep", `${'{"a":'.repeat(63)}{}${"}".repeat(63)}`),
  refused("65 objects deep", `${'{"a":'.repeat(64)}{}${"}".repeat(64)}`),
  refused("100,000 arrays deep, closed", nested(100_000, "[", "]")),
  refused("1 MB of [", "[".repeat(1_000_000)),
  refused('1 MB of {"a":', '{"a":'.repeat(200_000)),
  refused("1 MB of ]", "]".repeat(1_000_000)),

  // size
  accepted("a string of 1 MB", `"${"a".repeat(1_000_000)}"`),
  accepted("a member name of 1 MB", `{"${"a".repeat(1_000_000)}":1}`),
  accepted("500,000 items", `[${"1,".repeat(499_999)}1]`),
  accepted("200,000 empty arrays", `[${"[],".repeat(199_999)}[]]`),
  accepted("50,000 members", `{${Array.from({ length: 50_000 }, (_, index) => `"member${index}":1`).join()}}`),
  accepted("100,000 escapes", `"${"\\u0041".repeat(100_000)}"`),
  accepted("1 MB of white space around null", `${" ".repeat(500_000)}null${"\n".repeat(500_000)}`),
  refused("1 MB of line feeds", "\n".repeat(1_000_000)),
  refused("more than 1 MiB", `"${"a".repeat(1_048_576)}"`),

  // numbers
  refused("1e400, beyond a double", '{"value":1e400}'),
  refused("-1e400, beyond a double", '{"value":-1e400}'),
  refused("an integer of 1 MB", "9".repeat(1_000_000)),
  accepted("1e-400, nearer to zero than a double", '{"value":1e-400}'),
  accepted("a fraction of 500 KB", `{"value":0.${"1".repeat(500_000)}}`),
  accepted("an exponent of 500 KB", `{"value":1e-${"9".repeat(500_000)}}`),
  accepted("an integer beyond 2^53", '{"value":9007199254740993}'),
  accepted("an integer of 300 digits", `{"value":${"7".repeat(300)}}`),
  accepted("minus zero", '{"value":-0}'),
  refused("NaN", '{"value":NaN}'),
  refused("Infinity", '{"value":Infinity}'),
  refused("-Infinity", '{"value":-Infinity}'),
  refused("a leading zero", '{"value":012}'),
  refused("a leading plus", '{"value":+1}'),
  refused("a bare fraction", '{"value":.5}'),
  refused("a fraction without digits", '{"value":1.}'),
  refused("an exponent without digits", '{"value":1e}'),
  refused("a hexadecimal number", '{"value":0x1F}'),
  refused("digits with separators", '{"value":1_000}'),
  refused("a decimal comma", '{"value":21,5}'),
  refused("Arabic digits", '{"value":٣}'),

  // members
  refused("a repeated name, unequal values", '{"a":1,"a":2}'),
  refused("a repeated name, equal values", '{"a":1,"a":1}'),
  refused("a repeated name, written with an escape", '{"a":1,"\\u0061":1}'),
  refused("a repeated name, deep inside", '{"a":[{"b":{"c":1,"c":1}}]}'),
  refused("a repeated __proto__", '{"__proto__":1,"__proto__":2}'),
  accepted("__proto__ with an object", '{"__proto__":{"polluted":true}}'),
  accepted("__proto__ with null", '{"__proto__":null}'),
  accepted("constructor and prototype", '{"constructor":{"prototype":{"polluted":true}}}'),
  accepted("names of Object's members", '{"toString":1,"valueOf":1,"hasOwnProperty":1,"toJSON":1,"then":1}'),
  accepted("an empty name", '{"":1}'),
  accepted("names that look like indexes", '{"1":"b","0":"a","length":5}'),
  accepted("names that differ by Unicode normalisation only", '{"\u00e9":1,"e\u0301":2}'),
  accepted("a name with quotes, slashes and tildes", '{"a/b~c\\"d\\\\e":1}'),
  accepted("a name that is SQL", '{"\'; DROP TABLE data; --":"\'; DROP TABLE data; --"}'),

  // strings
  accepted("NUL in a string and a name", '{"a\\u0000b":"c\\u0000d"}'),
  accepted(
    "every control character, escaped",
    `"${Array.from({ length: 32 }, (_, code) => `\\u${code.toString(16).padStart(4, "0")}`).join("")}"`,
  ),
  accepted("U+2028, U+2029, U+FEFF and U+FFFF in a string", '"\u2028\u2029\uFEFF\uFFFF"'),
  accepted("right-to-left override and a zero width joiner", '"\u202Etxt.exe\u200D"'),
  accepted("an escaped surrogate pair", '"\\ud83d\\ude00"'),
  refused("an escaped lone high surrogate", '"\\ud800"'),
  refused("an escaped lone low surrogate", '{"a":"x\\udc00y"}'),
  refused("surrogates the wrong way round", '"\\ude00\\ud83d"'),
  refused("a lone surrogate in a name", '{"\\ud800":1}'),
  refused("a raw NUL in a string", '"a\u0000b"'),
  refused("a raw line feed in a string", '"a\nb"'),
  refused("a raw tab in a string", '"a\tb"'),
  refused("an unknown escape", '"\\x41"'),
  refused("an unfinished Unicode escape", '"\\u00"'),
  refused("a Unicode escape that is not hexadecimal", '"\\u00g0"'),
  refused("a string that ends in a backslash", '"abc\\'),
  refused("a string in single quotes", "{'a':1}"),

  // encoding
  accepted("a byte order mark", "\uFEFF{}"),
  refused("two byte order marks", "\uFEFF\uFEFF{}"),
  refusedBytes("a lone continuation byte", QUOTE, 0x80, QUOTE),
  refusedBytes("an overlong slash", QUOTE, 0xc0, 0xaf, QUOTE),
  refusedBytes("an overlong NUL", QUOTE, 0xc0, 0x80, QUOTE),
  refusedBytes("a surrogate in UTF-8 (CESU-8)", QUOTE, 0xed, 0xa0, 0x80, QUOTE),
  refusedBytes("a code point beyond U+10FFFF", QUOTE, 0xf4, 0x90, 0x80, 0x80, QUOTE),
  refusedBytes("a character cut in half", QUOTE, 0xe2, 0x82, QUOTE),
  refusedBytes("a character cut off at the end", QUOTE, 0xe2, 0x82),
  refusedBytes("byte FF", 0xff),
  refusedBytes("Latin-1", QUOTE, 0xe9, QUOTE),
  refusedBytes("UTF-16 with a byte order mark", 0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00),
  refusedBytes("UTF-16 without a byte order mark", 0x7b, 0x00, 0x7d, 0x00),
  refusedBytes("gzip", 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00),
  refusedBytes("CBOR", 0xa1, 0x61, 0x61, 0x01),
  refusedBytes("all 256 byte values", ...Array.from({ length: 256 }, (_, byte) => byte)),
  { name: "1 MB of byte FF", bytes: new Uint8Array(1_000_000).fill(0xff), decodes: false },

  // syntax
  refused("nothing", ""),
  refused("white space alone", " \t\r\n"),
  refused("a form feed as white space", "\f1"),
  refused("a no-break space as white space", "\u00a01"),
  refused("a word", "hello"),
  refused("a literal in capitals", "TRUE"),
  refused("a literal cut short", "tru"),
  refused("a literal with a tail", "truest"),
  refused("undefined", '{"a":undefined}'),
  refused("cut off after a brace", "{"),
  refused("cut off after a name", '{"a"'),
  refused("cut off after a colon", '{"a":'),
  refused("cut off in a number", '{"a":-'),
  refused("cut off in a string", '{"a":"b'),
  refused("cut off after a comma", "[1,"),
  refused("a trailing comma in an array", "[1,]"),
  refused("a trailing comma in an object", '{"a":1,}'),
  refused("only a comma in an array", "[,]"),
  refused("a missing comma", "[1 2]"),
  refused("a missing colon", '{"a" 1}'),
  refused("a name without quotes", "{a:1}"),
  refused("a number as a name", "{1:1}"),
  refused("brackets that do not match", '[{"a":1]}'),
  refused("a comment", '{"a":1} // room 1'),
  refused("two values", "{}{}"),
  refused("two lines of values", '{"a":1}\n{"a":2}'),
  refused("a NUL after the value", "{}\u0000"),
  refused("HTML", "<html></html>"),
  refused("a JSONP guard", ")]}',\n{}"),

  // plain values: valid JSON texts (RFC 8259 §2), though no objects
  accepted("null", "null"),
  accepted("a bare number", "21.5"),
  accepted("a bare string", '"on"'),
  accepted("an array at the top", '[{"a":1}]'),
];
