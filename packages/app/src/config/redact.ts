/** Keeps secrets out of what is printed and logged. */
import { type Configuration, type ConfigurationKey, configurationFields } from "@sluice/contracts";

export const HIDDEN = "***";

const SECRET_PARAMETER = /pass|secret|token|key|auth|credential/i;

/** The URL with its password, and query values that sound like one, hidden. Takes text that is no URL as well. */
export const redactUrl = (text: string): string => {
  if (/^sqlite:/i.test(text)) return text;
  const url = URL.parse(text);
  if (url === null || url.host === "" || `${url.pathname}${url.search}${url.hash}`.includes("@")) {
    // Anything before the last @ may be a password: one with an unescaped / ? or # ends the authority too early.
    return text.replace(/^([a-z][a-z0-9+.-]*:\/*)?.*@/is, `$1${HIDDEN}@`);
  }
  if (url.password !== "") url.password = HIDDEN;
  for (const name of new Set(url.searchParams.keys())) {
    if (SECRET_PARAMETER.test(name)) url.searchParams.set(name, HIDDEN);
  }
  return url.href === URL.parse(text)?.href ? text : url.href;
};

/** A value as it may be shown. */
export const redactValue = (key: ConfigurationKey, value: unknown): unknown => {
  const { secret, kind } = configurationFields[key] as { secret?: true; kind?: string };
  if (secret !== true || value === undefined || value === null) return value;
  return kind === "url" && typeof value === "string" ? redactUrl(value) : HIDDEN;
};

/** Shorter ones would be found all over the place in harmless text. */
const MIN_SECRET_LENGTH = 6;

/** Every text of the configuration that must not appear in a log, as it is and as it is written in JSON and in a URL. */
export const secretTexts = (configuration: Configuration): readonly string[] => {
  const texts = new Set<string>();
  for (const [key, field] of Object.entries(configurationFields)) {
    const value = configuration[key as ConfigurationKey];
    if (!("secret" in field) || typeof value !== "string") continue;
    const secret = "kind" in field && field.kind === "url" ? passwordOf(value) : value;
    for (const form of [secret, decode(secret), encodeURIComponent(secret)]) {
      if (form.length >= MIN_SECRET_LENGTH) texts.add(JSON.stringify(form).slice(1, -1));
    }
  }
  return [...texts].sort((a, b) => b.length - a.length);
};

/** Also of a connection string with several hosts, which is no URL. */
const passwordOf = (text: string): string =>
  URL.parse(text)?.password ?? /^[a-z][a-z0-9+.-]*:\/\/[^:@/]*:([^@]*)@/i.exec(text)?.[1] ?? "";

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
