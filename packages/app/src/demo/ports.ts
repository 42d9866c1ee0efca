/** The port asked for, or the next free one after it. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";

const PORTS_TRIED = 100;

/** @param port 0: any */
export const listenOnFree = async (server: Server, host: string, port: number): Promise<void> => {
  for (let offset = 0; ; offset++) {
    server.listen(port + offset, host);
    try {
      await once(server, "listening");
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" || offset >= PORTS_TRIED || port + offset >= 65_535) throw error;
    }
  }
};

/** A port that was free a moment ago. */
export const freePort = async (host: string, port: number): Promise<number> => {
  if (port === 0) return 0;
  const probe = createServer();
  await listenOnFree(probe, host, port);
  const found = (probe.address() as { port: number }).port;
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return found;
};
