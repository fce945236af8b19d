/** Targets from stacks: bytes are damaged below the stack, and read through it. */
import { isDeepStrictEqual } from "node:util"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import { Atomic, type Driver, KeyValue, Logging, Statistics, Tracing, type Value } from "effect-kv"
import type { Dice } from "./Dice.ts"
import { damaged } from "./mutations.ts"
import type { Raw } from "./raw.ts"
import { otherText, ownText } from "./secrets.ts"
import { type Instance, Violation, type Way } from "./target.ts"

/** The key in a slot. */
export const keyOf = (slot: number): string => `key-${slot}`

/** A key whose value is never damaged. */
export const otherKey = "other"
export const otherValue = { text: otherText, of: [otherText, 2] }

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Valid values of the damaged key. */
export const ownValues: ReadonlyArray<Value.Value> = [
  { text: ownText, number: 1.5, list: [1, null, true, "é😀\n"], deep: { a: { b: [{}] } } },
  {
    text: Array.from({ length: 60 }, (_, i) => `${ownText} ${i}`).join(),
    many: Array.from({ length: 50 }, (_, i) => i)
  },
  ownText,
  bytesOf(ownText),
  bytesOf(ownText.repeat(80)),
  12.5,
  [[ownText]]
]

/** Adds logs, spans and metrics with their default content. */
const observed =
  (store: string) =>
  <A, E, R>(layer: Layer.Layer<A | KeyValue.KeyValue, E, R>): Layer.Layer<A | KeyValue.KeyValue, unknown, R> =>
    layer.pipe(
      Logging.wrap({ store, logStart: true }),
      Tracing.wrap({ store, recordKeys: true }),
      Statistics.wrap({ store })
    )

/** Builds a stack with observers below and above the wrappers, within the target's scope. */
export const build = <A>(
  layer: Layer.Layer<A | KeyValue.KeyValue, unknown>,
  wrap: Driver.Wrapper<never, unknown>
): Effect.Effect<Context.Context<A | KeyValue.KeyValue>, unknown, Scope.Scope> =>
  Layer.build(layer.pipe(observed("inner"), wrap, observed("outer")))

/** The stored bytes of valid values. */
export interface Stored {
  readonly own: ReadonlyArray<Uint8Array>
  readonly other: Uint8Array
}

export interface Options<Capabilities> {
  readonly raw: Raw<Capabilities>
  readonly wrap: Driver.Wrapper<never, unknown>
  readonly batch?: number
  /** Makes inputs specific to this stack, for one input in three. */
  readonly special?: ((dice: Dice, stored: Stored) => Uint8Array) | undefined
}

export const instance = Effect.fn("fuzz.instance")(function* <Capabilities>({
  raw,
  wrap,
  batch = 1,
  special
}: Options<Capabilities>): Effect.fn.Return<Instance, unknown, Scope.Scope> {
  const context = yield* build(raw.layer, wrap)
  const kv = Context.get(context, KeyValue.KeyValue)
  yield* kv.put(otherKey, otherValue)
  const stored = { own: yield* corpusOf(kv, raw), other: yield* raw.read(otherKey) }
  return {
    batch,
    input: (dice) => (special !== undefined && dice.oneIn(3) ? special(dice, stored) : damaged(dice, stored.own)),
    store: (inputs) => raw.write(inputs.map((bytes, slot) => [keyOf(slot), bytes])),
    ways: { ...reading(kv), ...updating(Context.getOption(context as Context.Context<never>, Atomic.Atomic)) }
  }
})

/** The stored bytes of each valid value, with and without an expiry. */
export const corpusOf = (kv: KeyValue.Service, raw: Pick<Raw<never>, "read">) =>
  Effect.forEach(
    ownValues.flatMap((value) => [[value, "Infinity"] as const, [value, "1 day"] as const]),
    ([value, ttl]) => Effect.andThen(kv.put(keyOf(0), value, { ttl }), raw.read(keyOf(0)))
  )

/** Reads the other key together with the one in the slot. Its value must not have changed. */
const besides = (kv: KeyValue.Service, slot: number) =>
  Effect.flatMap(kv.getMany([otherKey, keyOf(slot)]), ([other, value]) =>
    isDeepStrictEqual(other, otherValue)
      ? Effect.succeed(value)
      : Effect.fail(new Violation({ kind: "another key's value", detail: "the other key does not have its own value" }))
  )

export const reading = (kv: KeyValue.Service): Readonly<Record<string, Way>> => ({
  get: (slot) => kv.get(keyOf(slot)),
  getMany: (slot) => besides(kv, slot),
  ttl: (slot) => kv.ttl(keyOf(slot)),
  getOrSet: (slot) => kv.getOrSet(keyOf(slot), Effect.succeed(ownText)),
  delete: (slot) => Effect.andThen(kv.delete(keyOf(slot)), kv.get(keyOf(slot)))
})

const updating = (atomic: Option.Option<Atomic.Service>): Readonly<Record<string, Way>> =>
  Option.match(atomic, {
    onNone: () => ({}),
    onSome: ({ update, getAndDelete, putIfAbsent }) => ({
      update: (slot) => update(keyOf(slot), (value) => (value === undefined ? undefined : [ownText, typeof value])),
      getAndDelete: (slot) => getAndDelete(keyOf(slot)),
      putIfAbsent: (slot) => putIfAbsent(keyOf(slot), ownText)
    })
  })
