/** What an endpoint's address and headers must be, beyond their shape. */
import { appendPointer } from "../json-pointer.ts";
import type { Findings } from "./findings.ts";

/** A token of RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A field value of RFC 9110, section 5.5: visible characters, spaces and tabs. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Set by the HTTP client for each request: framing and connection (RFC 9110, sections 7 and 8.6; RFC 9112). */
const CLIENT_HEADERS = ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer"];
const OWNED_HEADERS: ReadonlyMap<string, string> = new Map([
  ...[...CLIENT_HEADERS, "transfer-encoding", "upgrade"].map((name) => [name, "is set by the HTTP client"] as const),
  ["idempotency-key", "is set by the gateway, one for each delivery"],
]);

/** Whether no flow may set the header. */
export const isOwnedHeader = (name: string): boolean => OWNED_HEADERS.has(name.toLowerCase());

export const checkUrl = (url: unknown, pointer: string, findings: Findings): void => {
  if (typeof url !== "string") {
    findings.add(pointer, "type", "must be text");
    return;
  }
  // The parser of the URL standard drops white space without a word.
  const parsed = /[\s\p{Cc}]/u.test(url) ? null : URL.parse(url);
  if (!parsed) {
    findings.add(pointer, "url", "is not a URL that can be parsed");
    return;
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    findings.add(pointer, "url", `must begin with http:// or https://, not ${parsed.protocol}`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    findings.add(
      pointer,
      "url",
      "must not contain a user name or password, which would show in events and logs; use an Authorization header",
    );
  }
};

export const checkHeaders = (headers: Readonly<Record<string, unknown>>, pointer: string, findings: Findings): void => {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const at = appendPointer(pointer, name);
    const lowerCase = name.toLowerCase();
    const owned = OWNED_HEADERS.get(lowerCase);
    if (!HEADER_NAME.test(name)) findings.add(at, "header", `"${name}" is not a header name`);
    if (owned !== undefined) findings.add(at, "header", `${name} ${owned}`);
    if (seen.has(lowerCase)) findings.add(at, "header", `${name} is given twice; header names ignore case`);
    seen.add(lowerCase);
    if (typeof value !== "string") findings.add(at, "type", "must be text");
    else if (!HEADER_VALUE.test(value)) {
      findings.add(at, "header", `the value of ${name} has characters that a header cannot carry`);
    }
  }
};
