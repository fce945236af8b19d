/** Mistakes that a cache could make, planted between the cache and its store. */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Driver, type Entry, type KeyValue } from "../../../src/index.ts"
import { Payload } from "../../../src/Value.ts"
import type { Options, Violation } from "./fleet.ts"

type Store = Layer.Layer<KeyValue.KeyValue>
type AnyDriver = Parameters<Parameters<typeof Driver.wrapper>[0]>[0]

interface Mistake {
  readonly mistake: NonNullable<Options["mistake"]>
  readonly shows: Violation
  readonly lease?: boolean
}

const epoch = "effect-kv:tags"
const isGeneration = (key: string): boolean => key.startsWith("effect-kv:")
const isTag = (key: string): boolean => key.startsWith("effect-kv:tag:")

const changing =
  (change: (driver: AnyDriver, process: number) => Partial<AnyDriver>) =>
  (store: Store, process: number): Store =>
    store.pipe(Driver.wrapper((driver) => ({ ...driver, ...change(driver, process) }))) as Store

type CompareAndPut = NonNullable<AnyDriver["atomic"]>["compareAndPut"]

/** Changes conditional writes. */
const conditional = (change: (driver: AnyDriver, next: CompareAndPut) => CompareAndPut) =>
  changing((driver) => ({ atomic: { compareAndPut: change(driver, driver.atomic!.compareAndPut) } }))

interface Stored {
  readonly invalidated?: string
  readonly freshUntil: number
  readonly tags?: ReadonlyArray<readonly [string, string]>
}

const valueOf = (entry: Entry.Entry) => entry.payload.toValue(undefined) as unknown as Stored

const withValue = (entry: Entry.Entry, value: object): Entry.Entry => {
  const payload = Payload.from(value, { exactIntegers: undefined, asText: undefined })
  return payload._tag === "Success" ? { ...entry, payload: payload.success } : entry
}

const put = (driver: AnyDriver, call: Parameters<CompareAndPut>[0], entry: Entry.Entry) =>
  driver.put({ ...call, _tag: "put", entries: [entry] } as Parameters<AnyDriver["put"]>[0])

const later = (millis: number, effect: Effect.Effect<unknown, unknown>) =>
  Effect.forkDetach(Effect.delay(Effect.ignore(effect), millis))

export const mistakes: Readonly<Record<string, Mistake>> = {
  "a fill ignores an invalidation of its key": {
    shows: "invalidated value returned",
    mistake: conditional(
      (driver, next) => (call) =>
        isGeneration(call.keys[0]!) ? next(call) : Effect.as(put(driver, call, call.entry!), true)
    )
  },
  "an invalidation of tags changes nothing": {
    shows: "invalidated value returned",
    mistake: conditional(
      (_, next) => (call) =>
        (isTag(call.keys[0]!) || call.keys[0] === epoch) && call.expected !== undefined
          ? Effect.succeed(true)
          : next(call)
    )
  },
  "the generations are read after the lookup": {
    shows: "invalidated value returned",
    mistake: conditional((driver, next) => (call) => {
      if (isGeneration(call.keys[0]!)) return next(call)
      const value = valueOf(call.entry!)
      const tags: ReadonlyArray<string> = (value.tags ?? []).map(([tag]) => tag)
      const keys = ["effect-kv:all", epoch, ...tags.map((tag) => `effect-kv:tag:${tag}`)]
      const read = driver.get({ ...call, _tag: "get", keys, expiry: false, versioned: false } as never)
      return Effect.flatMap(Effect.orDie(read), (entries) => {
        const ids = entries.map((entry) => entry && valueOf(entry).invalidated)
        const current = { all: ids[0], epoch: ids[1], tags: tags.map((tag, i) => [tag, ids[i + 2]]) }
        return next({ ...call, entry: withValue(call.entry!, { ...value, ...current }) })
      })
    })
  },
  "the epoch is changed after the tags": {
    shows: "invalidated value returned",
    mistake: conditional((_, next) => {
      let pending: Effect.Effect<unknown, unknown> = Effect.void
      return (call) => {
        if (call.keys[0] === epoch && call.expected !== undefined) {
          pending = next(call)
          return Effect.succeed(true)
        }
        if (!isTag(call.keys[0]!) || call.expected === undefined) return next(call)
        const epochs = Effect.suspend(() => Effect.ignore(pending))
        return Effect.tap(next(call), Effect.andThen(Effect.sleep(60), epochs))
      }
    })
  },
  "an entry outlives ttl and staleFor": {
    shows: "value older than ttl and staleFor",
    mistake: conditional((_, next) => (call) => {
      if (isGeneration(call.keys[0]!)) return next(call)
      const value = valueOf(call.entry!)
      const entry = { ...call.entry!, expiresAt: call.entry!.expiresAt! + 1000 }
      return next({ ...call, entry: withValue(entry, { ...value, freshUntil: value.freshUntil + 1000 }) })
    })
  },
  "an invalidation succeeds before it is applied": {
    shows: "invalidated value returned",
    mistake: changing((driver) => ({ put: (call) => Effect.asVoid(later(200, driver.put(call))) }))
  },
  "an old generation comes back": {
    shows: "invalidated value returned",
    mistake: conditional((driver, next) => (call) => {
      if (!isGeneration(call.keys[0]!) || call.expected === undefined) return next(call)
      const read = driver.get({ ...call, _tag: "get", expiry: false, versioned: false } as never)
      return Effect.flatMap(Effect.orDie(read), ([old]) =>
        Effect.tap(next(call), () => (old === undefined ? Effect.void : later(50, put(driver, call, old))))
      )
    })
  },
  "each process has leases of its own": {
    shows: "two lookups of a key at the same time",
    lease: true,
    mistake: (store, process) =>
      store.pipe(
        Driver.wrapper(
          Driver.around((call, next) =>
            next(
              "collection" in call && `${call.collection}`.startsWith("effect-kv:leases/")
                ? { ...call, collection: `${process}` }
                : call
            )
          )
        )
      ) as Store
  }
}
