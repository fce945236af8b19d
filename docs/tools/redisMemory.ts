/**
 * Measures how much memory entries take in a real Redis, and prints the table of docs/guides/redis.md:
 * `node --conditions=@effect-kv/source docs/tools/redisMemory.ts`
 */
import { Effect, type Layer, Redacted } from "effect"
import { Aead, Compression, FernetEncryption, KeyValue } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import type { Value } from "../../src/Value.ts"
import { command, server } from "../../test/servers/redis.ts"

/** A value such as applications store, of about this many bytes as JSON. */
const documentOf =
  (size: number) =>
  (n: number): Value => {
    const words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"]
    const document = { id: n, name: `user-${n}`, email: `user-${n}@example.com`, active: n % 2 === 0, text: "" }
    const rest = size - JSON.stringify(document).length
    let text = ""
    for (let i = n; text.length < rest; i = (i * 1103515245 + 12345) % 2147483648) text += `${words[i % 10]} `
    return { ...document, text: text.slice(0, rest) }
  }

const bytesOf =
  (size: number) =>
  (n: number): Value =>
    Uint8Array.from({ length: size }, (_, i) => (i * 31 + n) % 256)

const key = Redacted.make(`${"A".repeat(43)}=`)

type Stack = ReturnType<typeof Redis.layer>

interface Case {
  readonly name: string
  readonly stack: (store: Stack) => Layer.Layer<KeyValue.KeyValue, any>
  readonly value: (size: number) => (n: number) => Value
  readonly ttl?: "1 hour"
  readonly format?: "py-key-value"
}

const cases: ReadonlyArray<Case> = [
  { name: "JSON", stack: (store) => store, value: documentOf },
  { name: "JSON, with a TTL", stack: (store) => store, value: documentOf, ttl: "1 hour" },
  { name: 'JSON, `format: "py-key-value"`', stack: (store) => store, value: documentOf, format: "py-key-value" },
  { name: "bytes", stack: (store) => store, value: bytesOf },
  {
    name: "JSON, `Compression` (from 1 KiB on)",
    stack: (store) => store.pipe(Compression.wrap({ envelope: "binary" })),
    value: documentOf
  },
  { name: "JSON, `Aead`", stack: (store) => store.pipe(Aead.wrap({ keys: [{ id: "1", key }] })), value: documentOf },
  {
    name: "JSON, `FernetEncryption`, binary envelope",
    stack: (store) => store.pipe(FernetEncryption.wrap({ keys: [key], envelope: "binary" })),
    value: documentOf
  },
  {
    name: "JSON, `FernetEncryption`, JSON envelope",
    stack: (store) => store.pipe(FernetEncryption.wrap({ keys: [key] })),
    value: documentOf
  }
]

/** The sizes of values, in bytes. */
export const sizes = [200, 1000, 10_000]

export interface Row {
  readonly name: string
  /** Bytes per entry, by size of the value. */
  readonly bytes: ReadonlyArray<number>
}

const usedMemory = (port: number) =>
  Effect.map(command(port, "info", "memory"), (info) => Number(/used_memory:(\d+)/.exec(String(info))![1]))

/** Writes entries with keys of 11 characters in the collection `users`, and returns what one takes. */
const measureOne = Effect.fnUntraced(function* ({ stack, value, ttl, format }: Case, size: number, entries: number) {
  // A new server for each, so that nothing is left of the case before.
  const { url, port } = yield* server(["--databases", "1"])
  const layer = stack(Redis.layer({ url, ...(format && { format }) }))
  yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    yield* kv.put("warm-up", 1)
    yield* kv.delete("warm-up")
  }).pipe(Effect.provide(layer))
  const before = yield* usedMemory(port)
  const valueOf = value(size)
  yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    for (let n = 0; n < entries; n += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => [`user-${100_000 + n + i}`, valueOf(n + i)] as const)
      yield* kv.putMany(batch, { collection: "users", ...(ttl && { ttl }) })
    }
  }).pipe(Effect.provide(layer))
  return Math.round(((yield* usedMemory(port)) - before) / entries)
}, Effect.scoped)

/** Measures all cases. Redis doubles its table of keys: 16,000 entries nearly fill one. */
export const measure = (entries = 16_000) =>
  Effect.forEach(cases, (each) =>
    Effect.map(
      Effect.forEach(sizes, (size) => measureOne(each, size, size > 5000 ? entries / 8 : entries)),
      (bytes): Row => ({ name: each.name, bytes })
    )
  )

export const tableOf = (rows: ReadonlyArray<Row>): string =>
  [
    `| value | ${sizes.map((size) => `${size.toLocaleString("en-US")} bytes`).join(" | ")} |`,
    `|---|${sizes.map(() => "---:").join("|")}|`,
    ...rows.map(({ name, bytes }) => `| ${name} | ${bytes.map((n) => n.toLocaleString("en-US")).join(" | ")} |`)
  ].join("\n")

if (import.meta.main) process.stdout.write(`${tableOf(await Effect.runPromise(measure()))}\n`)
