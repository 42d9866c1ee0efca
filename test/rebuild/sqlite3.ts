/** `sqlite3 <file> <statement>`, where SQLite's own program need not be installed. */
import { DatabaseSync } from "node:sqlite";

const [file = "", statement = ""] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 5_000 });
database.exec(statement);
database.close();
