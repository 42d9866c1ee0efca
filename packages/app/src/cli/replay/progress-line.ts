/** How far a replay is, on stderr and only where that is a terminal. */
import type { Replay } from "@sluice/contracts";

const WIDTH = 30;

export const progressLine = () => {
  const { stderr } = process;
  const clear = "\r\u001b[K";
  return {
    draw: ({ state, progress, speed, figures }: Replay): void => {
      if (!stderr.isTTY) return;
      const filled = Math.round(progress * WIDTH);
      const bar = `[${"=".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${Math.floor(progress * 100)} %`;
      const rate = speed === null ? "" : `, ${Math.round(speed).toLocaleString("en")}/s`;
      stderr.write(`${clear}${bar}  ${state}, ${figures.scanned.toLocaleString("en")} messages${rate}`);
    },
    end: (): void => {
      if (stderr.isTTY) stderr.write(clear);
    },
  };
};
