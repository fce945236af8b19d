/** Redis keys of the store that hold damaged values or other types. */
import { Effect } from "effect"
import { type Atomic, Compression, type Driver, type Enumeration, type Maintenance } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Redis as Client } from "ioredis"
import { defaultCollection } from "../../../src/driver/Driver.ts"
import * as redisServer from "../../servers/redis.ts"
import { damaged } from "../mutations.ts"
import type { Raw } from "../raw.ts"
import { instance } from "../stack.ts"
import type { Target } from "../target.ts"
import { fernetWrapper } from "./encryption.ts"

export const prefix = "fuzz:"

const nameOf = (key: string): string => `${prefix}${defaultCollection}::${key}`

/** A new server and a client for it. */
export const server = Effect.gen(function* () {
  const { port, url } = yield* redisServer.server()
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new Client(url)),
    (client) => Effect.sync(() => client.disconnect())
  )
  return { client, port, url }
})

/** The first bytes of inputs that are stored as other types than strings. */
const kinds = { list: 254, hash: 255 } as const

const raw = (url: string, client: Client): Raw<Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic> => ({
  layer: Redis.layer({ url, prefix }),
  read: (key) =>
    Effect.map(
      Effect.promise(() => client.getBuffer(nameOf(key))),
      (bytes) => Uint8Array.from([0, ...(bytes ?? [])])
    ),
  write: (entries) =>
    Effect.promise(async () => {
      const pipeline = client.pipeline()
      pipeline.del(entries.map(([key]) => nameOf(key)))
      for (const [key, [kind = 0, ...bytes]] of entries) {
        const value = Buffer.from(bytes)
        if (kind === kinds.list) pipeline.rpush(nameOf(key), value)
        else if (kind === kinds.hash) pipeline.hset(nameOf(key), "field", value)
        else if (kind % 4 === 1) pipeline.set(nameOf(key), value, "PX", 60_000)
        else pipeline.set(nameOf(key), value)
      }
      await pipeline.exec()
    })
})

const target = (name: string, weight: number, wrap: Driver.Wrapper<never, unknown>): Target => ({
  name,
  weight,
  make: Effect.gen(function* () {
    const { client, url } = yield* server
    return yield* instance({
      raw: raw(url, client),
      wrap,
      batch: 64,
      special: (dice, { own }) => {
        const inner = damaged(
          dice,
          own.map((bytes) => bytes.subarray(1))
        )
        return Uint8Array.from([dice.oneIn(10) ? dice.pick(Object.values(kinds)) : dice.below(4), ...inner])
      }
    })
  })
})

export const redis: ReadonlyArray<Target> = [
  target("Redis", 12, (store) => store),
  target("Redis, Fernet, zstd", 6, (store) =>
    store.pipe(
      fernetWrapper("binary"),
      Compression.wrap({ algorithm: "zstd", envelope: "binary", maxDecompressedSize: "4 MiB" })
    )
  )
]
