/** TLS towards a real server, with a certificate that it is told to trust, or not. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { ProjectionUnavailable } from "@sluice/domain";
import { createMariadbDatabase, mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { feed, readData, row } from "../conformance/projection-store-support.ts";
import { hasMariadbServer, type MariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { selfSigned } from "../support/self-signed.ts";
import { requireService } from "../support/services.ts";

describe("MariaDB over TLS", () => {
  const certificate = selfSigned();
  let directory: string;
  let server: MariadbServer;

  before(async () => {
    if (!hasMariadbServer) return;
    directory = await mkdtemp(join(tmpdir(), "sluice-mariadb-tls-"));
    const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
    await writeFile(files.cert, certificate.cert);
    await writeFile(files.key, certificate.key);
    server = await makeMariadbServer([`--ssl-cert=${files.cert}`, `--ssl-key=${files.key}`]);
    await server.start();
    await withMariadb(server.url, async (connection) => {
      await connection.query("CREATE USER secure@'127.0.0.1' IDENTIFIED BY 'p/:w' REQUIRE SSL");
      await connection.query("GRANT ALL ON *.* TO secure@'127.0.0.1'");
    });
  });
  after(async () => {
    if (!hasMariadbServer) return;
    await server.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const optionsFor = async () => {
    const { location } = await createMariadbDatabase(server.url);
    return { ...mariadbOptions(location), user: "secure", password: "p/:w" };
  };

  it("stores rows on a server whose certificate it trusts", async (t) => {
    if (!requireService(t, "MariaDB's programs", hasMariadbServer)) return;
    const store = new MariadbProjectionStore({ ...(await optionsFor()), tls: { ca: certificate.cert } });
    await store.start();
    await feed(store)({ rows: [row()] });
    assert.equal((await readData(store)).length, 1);
    await store.stop();
  });

  it("refuses a certificate that it does not trust, and a server that wants TLS refuses a plain connection", async (t) => {
    if (!requireService(t, "MariaDB's programs", hasMariadbServer)) return;
    const options = await optionsFor();
    for (const tls of [{ tls: { ca: selfSigned().cert } }, { tls: true as const }, {}]) {
      const store = new MariadbProjectionStore({ ...options, ...tls });
      await assert.rejects(store.start(), (error: Error) => {
        assert.ok(
          error instanceof ProjectionUnavailable,
          `${error.name} ${(error as NodeJS.ErrnoException).code} ${error.message}`,
        );
        assert.doesNotMatch(error.message, /p\/:w/);
        return true;
      });
    }
  });
});
