import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Redis as Client } from "ioredis"
import { Aead, Compression, FernetEncryption, type KeyValue, Memory } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import { measure, type Sample } from "../measure.ts"
import { ofLayer, serviceOf } from "../Store.ts"
import { encryptionKey } from "../secrets.ts"
import { redis, redisProblem } from "../servers.ts"
import { type JsonObject, key, oneKiB, sixtyFourKiB } from "../values.ts"
import type { Section } from "./Section.ts"

type Store = Layer.Layer<KeyValue.KeyValue, unknown>

const fernet = (envelope: "json" | "binary") => FernetEncryption.wrap({ keys: [encryptionKey], envelope })
const compressed = (envelope: "json" | "binary") => Compression.wrap({ minSize: 0, envelope })
const aead = Aead.wrap({ keys: [{ id: "1", key: encryptionKey }] })

/** The codecs, by name, as wrappers of a store. */
const codecsByName: Readonly<Record<string, (store: Store) => Store>> = {
  "no codec": (store) => store,
  gzip: compressed("binary"),
  zstd: Compression.wrap({ algorithm: "zstd", minSize: 0, envelope: "binary" }),
  brotli: Compression.wrap({ algorithm: "brotli", minSize: 0, envelope: "binary" }),
  "Fernet, json": fernet("json"),
  "Fernet, binary": fernet("binary"),
  Aead: aead,
  "gzip + Fernet, json": (store) => store.pipe(fernet("json"), compressed("json")),
  "gzip + Fernet, binary": (store) => store.pipe(fernet("binary"), compressed("binary")),
  "gzip + Aead": (store) => store.pipe(aead, compressed("binary"))
}

const sizes = [
  { name: "1 KiB", value: oneKiB },
  { name: "64 KiB", value: sixtyFourKiB }
]

/** The number of values whose stored bytes are counted. */
const counted = 64

/** The average number of bytes that Redis stores for a value. */
const storedBytes = Effect.fnUntraced(function* (
  client: Client,
  layer: Store,
  prefix: string,
  value: (i: number) => JsonObject
) {
  const { put } = yield* serviceOf(layer)
  for (let i = 0; i < counted; i++) yield* put(key(i), value(i))
  const names = yield* Effect.promise(() => client.keys(`${prefix}*`))
  const lengths = yield* Effect.promise(() => Promise.all(names.map((name) => client.strlen(name))))
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length
})

const bytes = Effect.gen(function* () {
  const { url, prefix } = yield* redis
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new Client(url)),
    (client) => Effect.sync(() => client.disconnect())
  )
  const samples: Array<Sample> = []
  for (const { name, value } of sizes) {
    for (const [subject, wrap] of Object.entries(codecsByName)) {
      const own = `${prefix}codecs:${name}-${subject}:`.replaceAll(" ", "-").replaceAll("::", ":")
      const stored = yield* Effect.scoped(storedBytes(client, wrap(Redis.layer({ url, prefix: own })), own, value))
      samples.push({
        section: `codecs, ${name}`,
        subject,
        what: "put",
        callers: 1,
        figure: "stored",
        unit: "bytes",
        values: [stored]
      })
    }
  }
  return samples
})

/** CPU time of codecs, and the size of what they store. */
export const codecs: Section = {
  name: "codecs",
  title: "Codecs",
  about:
    "CPU time of an operation on Memory with the codec around it and one caller, and the bytes that Redis stores for a value. Values of any size are compressed here. `json` is py-key-value's envelope.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const samples: Array<Sample> = []
    const stores = yield* Effect.forEach(Object.entries(codecsByName), ([name, wrap]) =>
      ofLayer(name, wrap(Memory.layer()))
    )
    for (const { name, value } of sizes) {
      for (const store of stores) yield* Effect.promise(() => store.fill(value))
      samples.push(
        ...(yield* Effect.promise(() =>
          measure(
            `codecs, ${name}`,
            stores.flatMap((store) => store.singles(value)),
            { turns: plan.turns, callers: [1], latencies: false }
          )
        ))
      )
    }
    if (redisProblem() === undefined) samples.push(...(yield* bytes))
    return samples
  })
}
