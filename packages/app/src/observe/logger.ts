/**
 * Structured logs: pino's JSON, one object a line, on stdout and, with LOG_DIR, in daily files.
 *
 * Both streams write from this thread, asynchronously and in batches, and flush at exit; so one thread less than with
 * pino's transports (which were tried too: neither way loses a line at an exit or an uncaught error).
 */
/// <reference path="./pino-roll.d.ts" />
import { once } from "node:events";
import { join } from "node:path";
import type { Configuration } from "@sluice/contracts";
import { destination, type Level, type Logger, multistream, pino } from "pino";
import { withoutTokens } from "../access/token-secret.ts";
import { HIDDEN, secretTexts } from "../config/redact.ts";

export interface OpenLogger {
  readonly log: Logger;
  /** Writes what is waiting, for 2 s at the most, and closes the files. */
  close(): Promise<void>;
}

/** Kept beside the current one. */
const DAILY_FILES = 30;
const FLUSH_MS = 2_000;
/** What may wait to be written when a terminal or disk hangs, in bytes; more is dropped, so that memory stays bounded. */
const MAX_WAITING = 8 * 1024 * 1024;

/** Names under which a secret could be logged by mistake, at the top and one level down. */
const SECRET_KEYS = ["password", "token", "adminToken", "mqttPassword", "authorization", "headers.authorization"];

type LogStream = ReturnType<typeof destination>;

/**
 * @param level instead of LOG_LEVEL
 * @throws when LOG_DIR cannot be written
 */
export const createLogger = async (
  configuration: Configuration,
  { level = configuration.logLevel }: { readonly level?: Configuration["logLevel"] } = {},
): Promise<OpenLogger> => {
  const streams: LogStream[] = [destination({ dest: 1, sync: false, maxLength: MAX_WAITING })];
  if (configuration.logDir !== undefined) streams.push(await dailyFiles(configuration.logDir));
  const flushNow = () => {
    for (const stream of streams) flushSync(stream);
  };
  process.on("exit", flushNow);
  const secrets = secretTexts(configuration);
  const log = pino(
    {
      level,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: HIDDEN },
      hooks: {
        streamWrite: (line) => withoutTokens(secrets.reduce((text, secret) => text.replaceAll(secret, HIDDEN), line)),
      },
    },
    multistream(streams.map((stream) => ({ stream, level: "trace" as Level }))),
  );
  return {
    log,
    close: async () => {
      await Promise.all(streams.map(end));
      process.off("exit", flushNow);
    },
  };
};

const dailyFiles = async (directory: string): Promise<LogStream> => {
  // With all that it needs it takes longer to read than pino itself.
  const { default: roll } = await import("pino-roll");
  const stream = (await roll({
    file: join(directory, "sluice"),
    extension: ".log",
    frequency: "daily",
    dateFormat: "yyyy-MM-dd",
    mkdir: true,
    limit: { count: DAILY_FILES, removeOtherLogFiles: true },
    maxLength: MAX_WAITING,
  })) as LogStream;
  // Before it is open, nothing could be written at an early exit.
  await once(stream, "ready");
  // A full disk must stop ingest where it says so, at the log of events, and not here.
  stream.on("error", (error: Error) => process.stderr.write(`log file in ${directory}: ${error.message}\n`));
  return stream;
};

const flushSync = (stream: LogStream): void => {
  try {
    stream.flushSync();
  } catch {
    // Not open any more, or nobody reads it: there is no place left to say so.
  }
};

const end = async (stream: LogStream): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_MS);
  stream.once("close", resolve);
  stream.end();
  await promise;
  clearTimeout(timer);
};
