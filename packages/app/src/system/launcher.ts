/**
 * `npx pnpm start` is a chain of processes: npm, a shell, pnpm, a shell, this one. A SIGTERM to the first ends npm and
 * its shell, but pnpm is not told, and the gateway would go on with nobody to stop it.
 */
import { readFile } from "node:fs/promises";

const LOOK_MS = 500;

interface Process {
  readonly parent: number;
  readonly command: string;
}

/** Linux alone tells; null elsewhere, and for a process that is gone. */
const look = async (pid: number): Promise<Process | null> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
    return { parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), command };
  } catch {
    return null;
  }
};

/** The pnpm that an `npm exec` started, with its parent; null when we were started in any other way. */
const findPnpm = async (): Promise<{ pid: number; parent: number } | null> => {
  const shell = await look(process.ppid);
  const pnpm = shell && (await look(shell.parent));
  if (shell === null || pnpm === null || !/\bpnpm\b/.test(pnpm.command)) return null;
  const pnpmsShell = await look(pnpm.parent);
  const npm = pnpmsShell && (await look(pnpmsShell.parent));
  return npm && /^(npm|npx) /.test(npm.command) ? { pid: shell.parent, parent: pnpm.parent } : null;
};

/** Calls back once, when the npx that started this program has ended. Does not keep the process alive. */
export const onLauncherGone = async (callback: () => void): Promise<void> => {
  const pnpm = await findPnpm();
  if (pnpm === null) return;
  const timer = setInterval(async () => {
    const now = await look(pnpm.pid);
    if (now?.parent === pnpm.parent) return;
    clearInterval(timer);
    callback();
  }, LOOK_MS);
  timer.unref();
};
