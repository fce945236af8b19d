import * as Effect from "effect/Effect"
import { Memory } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import type { Sample } from "../measure.ts"
import * as bentocache from "../peers/bentocache.ts"
import * as cacheable from "../peers/cacheable.ts"
import * as cacheManager from "../peers/cacheManager.ts"
import { serviceOf } from "../Store.ts"
import { redis, redisProblem } from "../servers.ts"
import { key, small } from "../values.ts"
import type { Section } from "./Section.ts"

const callers = 1000
const keyCount = 100
const loadMillis = 20

/** Gets a key, and loads it if it is missing. */
type Ask = (key: string, load: () => Promise<object>) => Promise<unknown>

/** Starts the clocks. The returned function stops them. */
const started = () => {
  const start = performance.now()
  const before = process.cpuUsage()
  return (subject: string, loads: number): ReadonlyArray<Sample> => {
    const { user, system } = process.cpuUsage(before)
    const sample = { section: "getOrSet", subject, what: "get or set", callers }
    return [
      { ...sample, figure: "loads", unit: "loads", values: [loads] },
      { ...sample, figure: "cpu", unit: "µs", values: [(user + system) / callers / keyCount] },
      { ...sample, figure: "time", unit: "ms", values: [performance.now() - start] }
    ]
  }
}

/** Counts the loads, and measures how long it takes until every caller has every key. */
const stampede = (subject: string, ask: Ask) =>
  Effect.promise(async (): Promise<ReadonlyArray<Sample>> => {
    let loads = 0
    const load = async () => {
      loads++
      await new Promise((resolve) => setTimeout(resolve, loadMillis))
      return small(loads)
    }
    const stop = started()
    const caller = async () => {
      for (let i = 0; i < keyCount; i++) await ask(key(i), load)
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return stop(subject, loads)
  })

/** The same with fibers of one runtime. */
const ours = <E>(subject: string, layer: Parameters<typeof serviceOf<never, E>>[0]) =>
  Effect.gen(function* () {
    const { getOrSet } = yield* serviceOf(layer)
    let loads = 0
    const load = Effect.suspend(() => {
      loads++
      return Effect.as(Effect.sleep(loadMillis), small(loads))
    })
    const stop = started()
    const caller = Effect.forEach(
      Array.from({ length: keyCount }, (_, i) => key(i)),
      (each) => getOrSet(each, load),
      { discard: true }
    )
    yield* Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
    return stop(subject, loads)
  })

/** Many callers get the same missing keys at the same time. */
export const getOrSet: Section = {
  name: "getOrSet",
  title: "`getOrSet`: 1,000 callers × 100 keys",
  about: `1,000 concurrent callers each get 100 missing keys, one after the other. A load takes ${loadMillis} ms. The store is in memory unless a row says otherwise. CPU time is per call; there are 100,000 calls. (keyv and unstorage have no such function.)`,
  needsRedis: false,
  run: Effect.fnUntraced(function* ({ everything }) {
    const samples: Array<Sample> = [...(yield* ours("effect-kv", Memory.layer()))]
    if (redisProblem() === undefined) {
      const { url, prefix } = yield* redis
      samples.push(...(yield* ours("effect-kv over Redis", Redis.layer({ url, prefix: `${prefix}loads:` }))))
    }
    if (!everything) return samples
    for (const { subject, ask } of yield* Effect.promise(() =>
      Promise.all([cacheable.loading(), cacheManager.loading(), bentocache.loading()])
    )) {
      samples.push(...(yield* stampede(subject, ask)))
    }
    return samples
  })
}
