/** Tests random sequences of operations on a collection with all capabilities against a map with a clock. */
import * as assert from "node:assert/strict"
import { describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Atomic, Collection, Enumeration, type KeyValue, Maintenance, Memory } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import * as any from "../properties/arbitraries.ts"
import { describeWithRedis } from "../servers/redis.ts"

const Item = Schema.Struct({ n: Schema.Int, at: Schema.Date })
type Item = typeof Item.Type

const options = {
  collection: "items",
  schema: Item,
  key: Schema.FiniteFromString,
  ttl: "4 hours",
  capabilities: [Atomic.Atomic, Enumeration.Enumeration, Maintenance.Maintenance]
} as const

type Items = Collection.With<Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance, Item, number>

const hour = 3_600_000
const item = (n: number): Item => ({ n, at: new Date(n * 1000) })

/** The model: values with the times at which they expire, in milliseconds. */
class Model {
  readonly entries = new Map<number, readonly [item: Item, expires: number]>()
  now = 0
  find(key: number) {
    const found = this.entries.get(key)
    return found !== undefined && found[1] > this.now ? found : undefined
  }
  get = (key: number) => Option.map(Option.fromNullishOr(this.find(key)), ([item]) => item)
  put = (key: number, n: number, ttl = 4 * hour) => void this.entries.set(key, [item(n), this.now + ttl])
  delete(key: number) {
    const found = this.find(key) !== undefined
    this.entries.delete(key)
    return found
  }
  get all() {
    return [...this.entries.keys()].filter((key) => this.find(key)).sort((a, b) => a - b)
  }
}

interface Step {
  readonly do: keyof typeof actions
  readonly key: number
  readonly n: number
  readonly ttl: number | undefined
}

const byKey = <E>(stream: Stream.Stream<readonly [number, Item], E>) =>
  Effect.map(Stream.runCollect(stream), (all) => all.sort(([a], [b]) => a - b))

const increased = Option.map(({ n }: Item) => item(n + 1))

/** What each action does to the collection, and what the model expects. */
const actions = {
  get: (items: Items, model: Model, { key }: Step) => [items.get(key), model.get(key)],
  has: (items: Items, model: Model, { key }: Step) => [items.has(key), model.find(key) !== undefined],
  getMany: (items: Items, model: Model, { key }: Step) => [
    items.getMany([key, key + 1, key]),
    [key, key + 1, key].map(model.get)
  ],
  getManyResults: (items: Items, model: Model, { key }: Step) => [
    items.getManyResults([key, key + 1]),
    [key, key + 1].map((key) => Result.succeed(model.get(key)))
  ],
  ttl: (items: Items, model: Model, { key }: Step) => [
    Effect.map(
      items.ttl(key),
      Option.map(({ ttl }) => Math.ceil(Duration.toMillis(ttl!) / hour))
    ),
    Option.map(Option.fromNullishOr(model.find(key)), ([, expires]) => Math.ceil((expires - model.now) / hour))
  ],
  put: (items: Items, model: Model, { key, n, ttl }: Step) => [
    items.put(key, item(n), { ttl }),
    model.put(key, n, ttl)
  ],
  putMany: (items: Items, model: Model, { key, n, ttl }: Step) => [
    items.putMany(
      [
        [key, item(n)],
        [key + 1, item(n), { ttl }],
        [key, item(n + 1)]
      ],
      { ttl: 2 * hour }
    ),
    [model.put(key + 1, n, ttl ?? 2 * hour), model.put(key, n + 1, 2 * hour)][0]
  ],
  delete: (items: Items, model: Model, { key }: Step) => [items.delete(key), model.delete(key)],
  touch: (items: Items, model: Model, { key, ttl }: Step) => {
    const found = model.find(key)
    if (found !== undefined) model.put(key, found[0].n, ttl)
    return [items.touch(key, { ttl }), found !== undefined]
  },
  update: (items: Items, model: Model, { key, n, ttl }: Step) => {
    const found = model.find(key)
    const next = found === undefined ? n : found[0].n + 1
    model.entries.set(key, [
      item(next),
      ttl === undefined && found !== undefined ? found[1] : model.now + (ttl ?? 4 * hour)
    ])
    const f = (current: Option.Option<Item>) => Option.orElseSome(increased(current), () => item(n))
    return [items.update(key, f, { ttl }), Option.some(item(next))]
  },
  remove: (items: Items, model: Model, { key }: Step) => {
    model.delete(key)
    return [items.updateEffect(key, () => Effect.succeedNone), Option.none()]
  },
  putIfAbsent: (items: Items, model: Model, { key, n, ttl }: Step) => {
    const isMissing = model.find(key) === undefined
    if (isMissing) model.put(key, n, ttl)
    return [items.putIfAbsent(key, item(n), { ttl }), isMissing]
  },
  getAndDelete: (items: Items, model: Model, { key }: Step) => {
    const found = model.get(key)
    model.delete(key)
    return [items.getAndDelete(key), found]
  },
  getOrSet: (items: Items, model: Model, { key, n, ttl }: Step) => {
    const found = model.find(key)
    if (found === undefined) model.put(key, n, ttl)
    return [items.getOrSet(key, Effect.succeed(item(n)), { ttl }), found?.[0] ?? item(n)]
  },
  keys: (items: Items, model: Model) => [
    Effect.map(Stream.runCollect(items.keys({ pageSize: 2 })), (keys) => keys.sort((a, b) => a - b)),
    model.all
  ],
  entries: (items: Items, model: Model) => [
    byKey(items.entries({ pageSize: 2 })),
    model.all.map((key) => [key, Option.getOrThrow(model.get(key))])
  ],
  upgrade: (items: Items, model: Model) => [
    Effect.map(Stream.runCollect(items.upgrade()), (all) => all.reduce((sum, { current }) => sum + current, 0)),
    model.all.length
  ],
  clear: (items: Items, model: Model) => {
    const count = model.all.length
    model.entries.clear()
    return [Effect.map(items.clear, (cleared) => cleared >= count), true]
  }
} satisfies Readonly<Record<string, (items: Items, model: Model, step: Step) => ReadonlyArray<unknown>>>

const steps = Arbitrary.array(
  Arbitrary.all({
    do: any.pick(...(Object.keys(actions) as ReadonlyArray<keyof typeof actions>)),
    key: any.integer(0, 4),
    n: any.integer(0, 100),
    ttl: Arbitrary.map(any.integer(0, 3), (i) => (i === 0 ? undefined : i * hour)),
    passes: any.integer(0, 3)
  }),
  { maxLength: 30 }
)

/** Performs steps on a new collection and on the model. Without a test clock, no time passes. */
const compare = Effect.fnUntraced(function* (
  sequence: ReadonlyArray<Step & { readonly passes: number }>,
  hasTestClock: boolean
) {
  const items: Items = yield* Collection.make(options)
  yield* items.clear
  const model = new Model()
  const last = [0, 1, 2, 3, 4, 5].map((key) => ({ do: "ttl", key, n: 0, ttl: undefined, passes: 1 }) as const)
  for (const step of [...sequence, ...last]) {
    if (hasTestClock && step.passes === 0) {
      yield* TestClock.adjust("40 minutes")
      model.now += Duration.toMillis("40 minutes")
    }
    const [actual, expected] = actions[step.do](items, model, step)
    assert.deepStrictEqual(yield* actual as Effect.Effect<unknown, unknown>, expected, JSON.stringify(step))
  }
})

type All = KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance

const property = <E>(name: string, layer: Layer.Layer<All, E>, runs: number) =>
  it.effect.prop(
    `a collection over ${name} behaves like a map with a clock`,
    [steps],
    ([steps]) => Effect.provide(compare(steps, true), layer, { local: true }),
    { arbitrary: { runs, size: 60, maxShrinks: 500 } }
  )

describe("the model of a map with a clock, compared with collections", () => {
  property("Memory", Memory.layer(), 150)
  property("Sqlite", Sqlite.layer(), 30)
})

describeWithRedis("the model of a map, compared with collections in Redis", (server) => {
  const layer = Layer.unwrap(Effect.sync(() => Redis.layer({ url: server().url, prefix: "collections:" })))
  it.live.prop(
    "a collection over Redis behaves like a map",
    [steps],
    ([steps]) => Effect.provide(compare(steps, false), layer),
    { arbitrary: { runs: 15, size: 60, maxShrinks: 100 } }
  )
})
