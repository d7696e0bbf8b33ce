// Runs one SQL statement over a file of JSON Lines, whose records are the
// column j of the view logs, with one thread.
import { DuckDBInstance } from "@duckdb/node-api";

const [file, sql] = process.argv.slice(2);
const db = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
await db.run(`CREATE VIEW logs AS SELECT json AS j FROM read_ndjson_objects('${file.replaceAll("'", "''")}', maximum_object_size = 67108864)`);
const result = await db.runAndReadAll(sql);
console.log(JSON.stringify(result.getRowsJson()));
