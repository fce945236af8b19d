import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  Compression,
  FernetEncryption,
  KeyValue,
  Memory,
  Retry,
  Statistics,
  Timeout,
  Tracing,
  type Value
} from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"
import type { Candidate } from "./measure.ts"

const small = { id: 123, name: "Alice", email: "alice@example.org", roles: ["admin", "user"], active: true }
/** No two values are the same: a database has less to do for one that it holds already. */
let count = 0

const oneKiB = { ...small, bio: "Lorem ipsum dolor sit amet. ".repeat(33) }

const service = <E>(layer: Layer.Layer<KeyValue.KeyValue, E>) =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, KeyValue.KeyValue))

const operations = (name: string, kv: KeyValue.Service, value: Value.Json & object) => [
  { name: `${name}, get`, operation: kv.get("key") },
  { name: `${name}, put`, operation: Effect.suspend(() => kv.put("key", { ...value, n: count++ })) }
]

const over = Effect.fnUntraced(function* <E>(
  name: string,
  layer: Layer.Layer<KeyValue.KeyValue, E>,
  value: Value.Json & object
) {
  const kv = yield* service(layer)
  yield* kv.put("key", value)
  return operations(name, kv, value)
})

/** Memory against a bare Map, and what each policy adds. */
export const memory = Effect.gen(function* () {
  const map = new Map([["key", JSON.stringify(small)]])
  const bare: ReadonlyArray<Candidate> = [
    { name: "Map of JSON, get", operation: Effect.sync(() => JSON.parse(map.get("key")!)) },
    { name: "Map of JSON, put", operation: Effect.sync(() => map.set("key", JSON.stringify({ ...small, n: count++ }))) }
  ]
  const stacks = yield* Effect.all([
    over("Memory", Memory.layer(), small),
    over("Memory + Timeout", Memory.layer().pipe(Timeout.wrap()), small),
    over("Memory + Retry", Memory.layer().pipe(Retry.wrap()), small),
    over("Memory + Statistics", Memory.layer().pipe(Statistics.wrap()), small),
    over("Memory + Tracing", Memory.layer().pipe(Tracing.wrap()), small)
  ])
  return [...bare, ...stacks.flat()]
})

/** Sqlite against node:sqlite with JSON, both on a file in WAL mode. */
export const sqlite = Effect.gen(function* () {
  const directory = mkdtempSync(join(tmpdir(), "effect-kv-bench-"))
  const database = new DatabaseSync(join(directory, "bare.sqlite"))
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT)"
  )
  const select = database.prepare("SELECT value FROM kv WHERE key = ?")
  const upsert = database.prepare("INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
  upsert.run("key", JSON.stringify(oneKiB))
  const bare: ReadonlyArray<Candidate> = [
    { name: "node:sqlite + JSON, get", operation: Effect.sync(() => JSON.parse(String(select.get("key")!.value))) },
    {
      name: "node:sqlite + JSON, put",
      operation: Effect.sync(() => upsert.run("key", JSON.stringify({ ...oneKiB, n: count++ })))
    }
  ]
  const ours = yield* over("Sqlite", Sqlite.layer({ filename: join(directory, "ours.sqlite") }), oneKiB)
  return [...bare, ...ours]
})

/** What codecs cost over Memory. */
export const codecs = Effect.gen(function* () {
  const key = yield* FernetEncryption.generateKey
  const stacks = yield* Effect.all([
    over("Memory", Memory.layer(), oneKiB),
    over("+ Compression", Memory.layer().pipe(Compression.wrap({ minSize: 0 })), oneKiB),
    over("+ FernetEncryption", Memory.layer().pipe(FernetEncryption.wrap({ keys: [key] })), oneKiB)
  ])
  return stacks.flat()
})
