import * as Effect from "effect/Effect"
import { Redis } from "ioredis"
import { problemOf } from "../test/servers/process.ts"
import { server } from "../test/servers/redis.ts"
import type { Place } from "./peers/Peer.ts"

/** Why there is no Redis to measure with, or `undefined` if there is one. */
export const redisProblem = (): string | undefined =>
  process.env.REDIS_URL === undefined ? problemOf("redis-server", "redis-server") : undefined

const prefix = "effect-kv-bench:"

/**
 * The Redis at `REDIS_URL`, from which the benchmark removes its keys at the end, or a Redis that the benchmark starts.
 */
export const redis: Effect.Effect<Place, unknown, import("effect/Scope").Scope> = Effect.suspend(() => {
  const url = process.env.REDIS_URL
  return url === undefined
    ? Effect.map(server(), (own) => ({ url: own.url, prefix }))
    : Effect.acquireRelease(Effect.succeed({ url, prefix }), () => Effect.promise(() => removeAll(url)))
})

const removeAll = async (url: string) => {
  const client = new Redis(url)
  for await (const names of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if (names.length > 0) await client.unlink(names)
  }
  client.disconnect()
}
