/** Why the gateway did not start, in one line, and what to do. */
import { redactUrl } from "../config/redact.ts";
import { CommandError } from "./command-error.ts";

export const startFailure = (error: unknown): CommandError => {
  const { message, name, code } = error as NodeJS.ErrnoException;
  return new CommandError(`the gateway could not start: ${redactUrl(message)}`, {
    hint: hintFor(name, code),
    cause: error,
  });
};

const hintFor = (name: string, code: string | undefined): string => {
  if (name === "DataDirectoryInUse") return "stop the other gateway, or give this one a DATA_DIR of its own";
  if (name === "UnusableDatabase") return "check DATA_DIR, EVENT_STORE_URL and PROJECTION_URL with `sluice doctor`";
  if (name === "CursorBeyondLog") return "restore both from one backup, or see docs/backup.md on how to make it anew";
  switch (code) {
    case "EADDRINUSE":
      return "another program has the port: set ADMIN_PORT to a free one, or to 0 for any";
    case "EADDRNOTAVAIL":
      return "ADMIN_HOST is no address of this machine";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "check who owns DATA_DIR and LOG_DIR; ports below 1024 need privileges";
    case "ENOSPC":
      return "the disk is full: make room, or move DATA_DIR";
    default:
      return "`sluice doctor` checks what the gateway needs";
  }
};
