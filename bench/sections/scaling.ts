import * as Effect from "effect/Effect"
import { Redis as Client } from "ioredis"
import { Memory } from "../../src/index.ts"
import { inChild } from "../child.ts"
import { withEntries } from "../heap.ts"
import type { Sample } from "../measure.ts"
import { ofLayer, ofPlain, type Store } from "../Store.ts"
import { redis, redisProblem } from "../servers.ts"
import type { Section } from "./Section.ts"

const counts = [1e3, 1e4, 1e5, 1e6]
const gets = 20_000
const rounds = 5

const map = Effect.sync(() => {
  const entries = new Map<string, object>()
  return ofPlain("Map", { get: (key) => entries.get(key), set: (key, value) => entries.set(key, value) })
})

const getTimes = (store: Store, count: number) =>
  Effect.promise(async () => {
    const get = store.scattered(count)
    const times: Array<number> = []
    for (let round = -1; round < rounds; round++) {
      const before = process.cpuUsage()
      await get(1, gets)
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) times.push((user + system) / gets)
    }
    return times
  })

/** The heap and the time of a get, with `count` entries. */
const inMemory = Effect.fnUntraced(function* <E, R>(open: Effect.Effect<Store, E, R>, count: number) {
  const { subject, bytes, found } = yield* withEntries(open, count, (store) => getTimes(store, count))
  const sample = { section: "scaling, Memory", subject, what: `${count.toLocaleString("en")} entries`, callers: 1 }
  return [
    { ...sample, figure: "heap", unit: "bytes", values: [bytes] },
    { ...sample, figure: "cpu", unit: "µs", values: found }
  ] satisfies ReadonlyArray<Sample>
})

const keyCount = 1e6

/** How many times the keys are enumerated. */
const runs = 3

/** Writes keys under the store's names. Their values are never read. */
const fill = async (url: string, start: string) => {
  const client = new Client(url)
  const script = "for i = ARGV[2], ARGV[3] do redis.call('SET', ARGV[1] .. i, '{}') end"
  const step = 50_000
  for (let from = 0; from < keyCount; from += step) await client.eval(script, 0, start, from, from + step - 1)
  client.disconnect()
}

/** The cost of an enumeration. It has its own process, so that its memory can be measured. */
interface Enumerated {
  readonly keys: number
  readonly seconds: number
  readonly peak: number
}

const enumeration = Effect.fnUntraced(function* () {
  const { url, prefix } = yield* redis
  const own = `${prefix}scan:`
  yield* Effect.promise(() => fill(url, `${own}users::user:`))
  const samples: Array<Sample> = []
  for (const subject of ["ioredis", "effect-kv"] as const) {
    const found = yield* Effect.replicateEffect(inChild<Enumerated>("enumerate", subject, url, own), runs)
    if (found.some(({ keys }) => keys < keyCount)) return yield* Effect.fail(`${subject} did not find all keys`)
    const sample = { section: "scaling, Redis", subject, what: "enumeration", callers: 1 }
    samples.push(
      { ...sample, figure: "time", unit: "ms", values: found.map(({ seconds }) => seconds * 1000) },
      { ...sample, figure: "peak", unit: "MB", values: found.map(({ peak }) => peak / 1e6) }
    )
  }
  return samples
})

/** Stores with many entries. */
export const scaling: Section = {
  name: "scaling",
  title: "Scaling",
  about:
    "Memory: the heap of an entry (200 bytes of JSON, including the key), and the CPU time of a `get` of scattered keys. Redis: all names, by `SCAN` with pages of 1,000, in a separate process. Peak is its resident memory above the start.",
  needsRedis: false,
  run: Effect.fnUntraced(function* () {
    const samples: Array<Sample> = []
    for (const count of counts) {
      samples.push(...(yield* Effect.scoped(inMemory(map, count))))
      samples.push(...(yield* Effect.scoped(inMemory(ofLayer("effect-kv", Memory.layer()), count))))
    }
    if (redisProblem() === undefined) samples.push(...(yield* enumeration()))
    return samples
  })
}
