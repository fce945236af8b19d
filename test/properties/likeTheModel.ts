import * as assert from "node:assert/strict"
import { it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../src/Atomic.ts"
import * as Enumeration from "../../src/Enumeration.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import * as Maintenance from "../../src/Maintenance.ts"
import { Model, more } from "./Model.ts"
import { type Step, steps } from "./steps.ts"

interface Subject {
  readonly kv: KeyValue["Service"]
  readonly enumeration: Enumeration.Service | undefined
  readonly maintenance: Maintenance.Service | undefined
  readonly atomic: Atomic.Service | undefined
}

const subject = Effect.gen(function* () {
  return {
    kv: yield* KeyValue,
    enumeration: Option.getOrUndefined(yield* Effect.serviceOption(Enumeration.Enumeration)),
    maintenance: Option.getOrUndefined(yield* Effect.serviceOption(Maintenance.Maintenance)),
    atomic: Option.getOrUndefined(yield* Effect.serviceOption(Atomic.Atomic))
  }
})

type Rounding = (millis: number) => number

/** The result of `ttl` or `ttlMany`, with numbers for times. */
const rounded = (answer: unknown, round: Rounding): unknown => {
  if (Array.isArray(answer)) return answer.map((item) => rounded(item, round))
  const { value, ttl } = (answer ?? {}) as { readonly value?: unknown; readonly ttl?: Duration.Duration | number }
  return answer && { value, ttl: ttl && round(Duration.toMillis(ttl)) }
}

const sorted = <E>(names: Stream.Stream<string, E>) => Effect.map(Stream.runCollect(names), (names) => names.sort())

/** Performs a step on a store. Returns `undefined` if the store lacks the capability. */
const perform = ({ kv, enumeration, maintenance, atomic }: Subject, step: Step) => {
  const at = "collection" in step ? { collection: step.collection } : {}
  const put = "ttl" in step ? { ...at, ttl: step.ttl } : at
  switch (step.do) {
    case "get":
      return kv.get(step.key, at)
    case "getMany":
      return kv.getMany(step.keys, at)
    case "ttl":
      return kv.ttl(step.key, at)
    case "ttlMany":
      return kv.ttlMany(step.keys, at)
    case "has":
      return kv.has(step.key, at)
    case "touch":
      return kv.touch(step.key, put)
    case "put":
      return kv.put(step.key, step.value, put)
    case "putMany":
      return kv.putMany(step.pairs, put)
    case "delete":
      return kv.delete(step.key, at)
    case "deleteMany":
      return kv.deleteMany(step.keys, at)
    case "getOrSet":
      return kv.getOrSet(step.key, Effect.succeed(step.value), put)
    case "getAndDelete":
      return atomic?.getAndDelete(step.key, at)
    case "putIfAbsent":
      return atomic?.putIfAbsent(step.key, step.value, put)
    case "update":
      return atomic?.update(step.key, (value) => (step.to === "more" ? more(value) : undefined), put)
    case "pass":
      return TestClock.adjust(step.millis)
    case "keys":
      return enumeration && sorted(enumeration.keys({ ...at, prefix: step.prefix, pageSize: step.pageSize }))
    case "collections":
      return enumeration && sorted(enumeration.collections({ prefix: step.prefix, pageSize: step.pageSize }))
    case "clearCollection":
      return maintenance?.clearCollection(at)
    case "clear":
      return maintenance?.clear
    case "removeExpired":
      return maintenance && Effect.asVoid(maintenance.removeExpired)
  }
}

/** Steps that read the whole content. */
const readAll = ({ names }: { names: ReturnType<Model["names"]> }, enumerable: boolean): ReadonlyArray<Step> => [
  ...names.flatMap(([collection, keys]): ReadonlyArray<Step> => [{ do: "ttlMany", collection, keys }]),
  ...(enumerable ? names.map(([collection]): Step => ({ do: "keys", collection, prefix: "", pageSize: 2 })) : []),
  ...(enumerable ? [{ do: "collections", prefix: "", pageSize: 2 } as const] : [])
]

/** Performs the steps on the layer's store, which must be empty, and on the model, and compares all results. */
export const compare = Effect.fnUntraced(function* (
  sequence: ReadonlyArray<Step>,
  round: Rounding = (millis) => millis
) {
  const store = yield* subject
  const model = new Model()
  const both = Effect.fnUntraced(function* (step: Step) {
    const performed = perform(store, step)
    if (performed === undefined) return
    const answers = [yield* performed as Effect.Effect<unknown, unknown>, model.run(step)]
    const [actual, expected] = /^ttl/.test(step.do) ? answers.map((answer) => rounded(answer, round)) : answers
    assert.deepStrictEqual(actual, expected, JSON.stringify(step))
  })
  yield* Effect.forEach(sequence, both, { discard: true })
  yield* Effect.forEach(readAll({ names: model.names() }, store.enumeration !== undefined), both, { discard: true })
})

/** Registers the property for a layer whose store is empty each time that it is built. */
export const likeTheModel = <E>(name: string, layer: Layer.Layer<KeyValue, E>, runs = 200): void => {
  it.effect.prop(
    `${name} behaves like a map with a clock`,
    [steps],
    ([steps]) => Effect.provide(compare(steps), layer, { local: true }),
    {
      arbitrary: { runs, size: 60, maxShrinks: 500 }
    }
  )
}

/**
 * Registers the property for a real server, which has its own clock: TTLs are long, no step lets time pass, and a
 * difference of a minute is allowed. The store is cleared before each run.
 */
export const likeTheModelLive = <E>(
  name: string,
  layer: Layer.Layer<KeyValue | Maintenance.Maintenance, E>,
  runs = 50
): void => {
  const cleared = Effect.flatMap(Maintenance.Maintenance, ({ clear }) => clear)
  it.live.prop(
    `${name} behaves like a map with a clock`,
    [steps],
    ([steps]) => Effect.provide(Effect.andThen(cleared, compare(steps.flatMap(slowly), toMinutes)), layer),
    { arbitrary: { runs, size: 60, maxShrinks: 100 } }
  )
}

const slowly = (step: Step): ReadonlyArray<Step> => {
  if (step.do === "pass") return []
  return ["ttl" in step ? { ...step, ttl: step.ttl && step.ttl * 3600 } : step]
}

const toMinutes = (millis: number): number => Math.ceil(millis / 60_000)
