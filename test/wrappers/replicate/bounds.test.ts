/** Tests what Replicate keeps in memory while a store is slow, and what large batches cost while one is down. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Call from "../../../src/driver/Call.ts"
import type { Driver } from "../../../src/driver/Driver.ts"
import type { Entry } from "../../../src/Entry.ts"
import { KeyValue, KeyValueError } from "../../../src/index.ts"
import { Payload } from "../../../src/Value.ts"
import { replicated } from "../../../src/wrappers/replicate/replicated.ts"
import { collectGarbage } from "../../support/collectGarbage.ts"
import { stored } from "./setup.ts"

/** The megabytes by which memory in use grows during an effect. */
const grownBy = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    collectGarbage()
    const before = process.memoryUsage()
    yield* effect
    collectGarbage()
    yield* Effect.yieldNow
    collectGarbage()
    const after = process.memoryUsage()
    return (after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed) / 1e6
  })

const nothing: Driver = {
  system: "nothing",
  defaultCollection: "c",
  get: ({ keys }) => Effect.sync(() => keys.map(() => undefined)),
  put: () => Effect.void,
  delete: ({ keys }) => Effect.succeed(keys.length)
}

const hanging: Driver = { ...nothing, get: () => Effect.never, put: () => Effect.never, delete: () => Effect.never }

const unavailable = ({ place }: Call.Call) =>
  Effect.fail(new KeyValueError.StoreUnavailableError({ ...place, reason: "down", sent: false }))

const down: Driver = { ...nothing, get: unavailable, put: unavailable, delete: unavailable }

describe("Replicate while a store hangs", { timeout: 120_000 }, () => {
  const writes = 3000
  const value = (i: number) => new Uint8Array(40_000).fill(i)

  it.live("keeps only the current and the newest value in memory for 3,000 writes of one key", () =>
    Effect.gen(function* () {
      const stores = stored([nothing, hanging])
      const kv = KeyValue.make(replicated(stores, [nothing, hanging]))
      const grown = yield* grownBy(
        Effect.forEach(Array.from({ length: writes }), (_, i) => kv.put("hot", value(i)), { discard: true })
      )
      assert.isBelow(grown, 10)
      assert.strictEqual(stores.ledger.size, 1)
    })
  )

  it.live("keeps at most twice maxBehind values in memory for 3,000 acknowledged writes of different keys", () =>
    Effect.gen(function* () {
      const stores = stored([nothing, hanging], { maxBehind: 50 })
      const kv = KeyValue.make(replicated(stores, [nothing, hanging]))
      const grown = yield* grownBy(
        Effect.forEach(Array.from({ length: writes }), (_, i) => kv.put(`k${i}`, value(i)), { discard: true })
      )
      assert.isBelow(grown, 20)
      assert.isAtMost(stores.queues[1]!.size, 100)
      assert.isAtMost(stores.ledger.size, 150)
    })
  )

  it.live("does not grow in memory with deletions between the writes", () =>
    Effect.gen(function* () {
      const stores = stored([nothing, hanging])
      const kv = KeyValue.make(replicated(stores, [nothing, hanging]))
      const both = (i: number) => Effect.andThen(kv.put("hot", value(i)), kv.delete("hot"))
      const grown = yield* grownBy(Effect.forEach(Array.from({ length: writes }), (_, i) => both(i), { discard: true }))
      assert.isBelow(grown, 10)
    })
  )
})

const place = (keys: ReadonlyArray<string>) => ({ operation: "putMany", collection: "c", keys }) as const
const callOf = (keys: ReadonlyArray<string>) => ({ place: place(keys), deadline: undefined, collection: "c", keys })
const entry: Entry = { payload: Result.getOrThrow(Payload.from(1)), createdAt: 0, expiresAt: undefined }

/** Batches of many keys, one after the other, while one of the stores is down. */
const batches = (count: number) => {
  let gets = 0
  const get: Driver["get"] = (call) =>
    Effect.tap(
      nothing.get(call),
      Effect.sync(() => void gets++)
    )
  const counting: Driver = { ...nothing, get }
  const stores = stored([counting, down], { maxBehind: 200_000 })
  const driver = replicated(stores, [counting, down])
  const call = callOf(Array.from({ length: count }, (_, i) => `k${i}`))
  const run = Effect.gen(function* () {
    yield* driver.put({ ...call, _tag: "put", entries: call.keys.map(() => entry) })
    yield* driver.get({ ...call, _tag: "get", expiry: false, versioned: false })
    yield* driver.delete({ ...call, _tag: "delete" })
  })
  return { run, gets: () => gets, stores }
}

/** Counts the calls of an object's methods, including those that it makes itself. */
const countCalls = (target: object, counted: { value: number }) => {
  const methods: Record<string, unknown> = Object.getPrototypeOf(target)
  for (const name of Object.getOwnPropertyNames(methods)) {
    const { value: method } = Object.getOwnPropertyDescriptor(methods, name)!
    if (name === "constructor" || typeof method !== "function") continue
    const counting = (...args: ReadonlyArray<unknown>) => {
      counted.value++
      return method.apply(target, args)
    }
    Object.defineProperty(target, name, { value: counting })
  }
}

const cpuSince = (before: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The CPU milliseconds of an effect, in total and in the longest turn of the event loop. */
const measured = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    collectGarbage()
    let turn = process.cpuUsage()
    let longest = 0
    const look = () => {
      longest = Math.max(longest, cpuSince(turn))
      turn = process.cpuUsage()
      watch = setImmediate(look)
    }
    let watch = setImmediate(look)
    const before = process.cpuUsage()
    yield* effect
    clearImmediate(watch)
    return { total: cpuSince(before), longest: Math.max(longest, cpuSince(turn)) }
  })

/** The smallest of several measurements, because other load only adds to them. */
const least = Effect.fnUntraced(function* (count: number, times: number) {
  const all = []
  for (let i = 0; i < times; i++) all.push(yield* measured(batches(count).run))
  return {
    total: Math.min(...all.map(({ total }) => total)),
    longest: Math.min(...all.map(({ longest }) => longest))
  }
})

describe("a batch while a store is down", { timeout: 120_000 }, () => {
  it.live("takes steps in proportion to its keys, up to 100,000", () =>
    Effect.gen(function* () {
      const steps = (count: number) => {
        const { run, stores } = batches(count)
        const counted = { value: 0 }
        for (const it of [stores.ledger, ...stores.queues]) countCalls(it, counted)
        return Effect.map(run, () => counted.value)
      }
      const [half, whole] = [yield* steps(50_000), yield* steps(100_000)]
      assert.isAtLeast(half, 50_000)
      assert.isBelow(whole / half, 2.4)
    })
  )

  it.live("takes time in proportion to its keys, up to 100,000, and never blocks the event loop for long", () =>
    Effect.gen(function* () {
      yield* least(5000, 2)
      const quarter = yield* least(25_000, 2)
      // A larger heap is slower, hence 8 times and not 4. Quadratic work would take 16 times as long.
      const isFast = ({ total, longest }: typeof quarter) =>
        total / quarter.total < 8 &&
        // On a busy machine, garbage collection alone takes longer than 50 ms.
        longest < Math.max(50, total / 10)
      // Measures again only if other load may have made it slow.
      let whole = yield* least(100_000, 1)
      if (!isFast(whole)) whole = yield* least(100_000, 4)
      assert.isTrue(isFast(whole), `${JSON.stringify(quarter)} and ${JSON.stringify(whole)} ms`)
    })
  )

  it.live("is read with one call to the store that has it", () =>
    Effect.gen(function* () {
      const { run, gets, stores } = batches(10_000)
      yield* run
      assert.strictEqual(gets(), 1)
      assert.strictEqual(stores.ledger.size, 10_000)
    })
  )

  it.live("is no slower with more keys than maxBehind", () =>
    Effect.gen(function* () {
      const put = (count: number) => {
        const stores = stored([nothing, down], { maxBehind: 10_000 })
        const call = callOf(Array.from({ length: count }, (_, i) => `k${i}`))
        const driver = replicated(stores, [nothing, down])
        return measured(driver.put({ ...call, _tag: "put", entries: call.keys.map(() => entry) }))
      }
      yield* put(12_000)
      const [quarter, whole] = [yield* put(24_000), yield* put(96_000)]
      assert.isBelow(whole.total / quarter.total, 12)
      assert.isBelow(whole.total, 3000)
    })
  )
})
