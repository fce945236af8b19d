/** Wrong options, URLs and names: each works, or is refused with a typed error. */
import { Effect, Layer } from "effect"
import {
  Bulkhead,
  CircuitBreaker,
  Compression,
  Deadline,
  Hedge,
  KeyValue,
  LimitSize,
  Memory,
  PrefixCollections,
  PrefixKeys,
  RateLimit,
  Retry,
  SingleCollection,
  Statistics,
  Timeout,
  TtlClamp
} from "effect-kv"
import * as Redis from "effect-kv/Redis"
import * as Sqlite from "effect-kv/Sqlite"
import type { Row } from "../../../src/driver/options.ts"
import { parse } from "../../../src/stores/redis/url.ts"
import type { Dice } from "../Dice.ts"
import { damaged } from "../mutations.ts"
import { pure } from "../pure.ts"
import { password } from "../secrets.ts"
import { type Instance, type Target, Violation, type Way } from "../target.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

const urls = [
  "redis://user:pass@127.0.0.1:6379/3",
  "rediss://[::1]:6380?db=2&family=6",
  "unix:///run/redis.sock?db=1",
  "/run/redis.sock",
  "127.0.0.1:6379",
  `redis://:${password}@127.0.0.1/0?connectionName=app`
].map(encode)

/** A parsed URL must contain only options that ioredis accepts. */
export const urlTarget = pure("URLs of Redis", 2, (dice) => damaged(dice, urls), {
  parse: (bytes) => {
    const text = decode(bytes)
    const address = parse(text)
    if (address._tag === "Failure") {
      if (address.failure.includes(password)) throw new Violation({ kind: "leaked secret", detail: address.failure })
      return address
    }
    const { db = 0, port = 1, family = 0 } = address.success
    const isAllowed = [db, port, family].every(Number.isSafeInteger) && db >= 0 && port >= 1 && port <= 65_535
    if (!isAllowed)
      throw new Violation({ kind: "altered value", detail: `${text} is ${JSON.stringify(address.success)}` })
    return text
  }
})

type Loose = any

/** How to build each layer with options of any type. */
const layers: Readonly<
  Record<string, { readonly rows: ReadonlyArray<Row>; readonly layer: (options: Loose) => Loose }>
> = {
  Bulkhead: { rows: Bulkhead.described.rows, layer: (options) => Memory.layer().pipe(Bulkhead.wrap(options)) },
  CircuitBreaker: {
    rows: CircuitBreaker.described.rows,
    layer: (options) => Memory.layer().pipe(CircuitBreaker.wrap(options))
  },
  Compression: { rows: Compression.described.rows, layer: (options) => Memory.layer().pipe(Compression.wrap(options)) },
  Deadline: { rows: Deadline.described.rows, layer: ({ duration }) => Memory.layer().pipe(Deadline.wrap(duration)) },
  Hedge: { rows: Hedge.described.rows, layer: (options) => Memory.layer().pipe(Hedge.wrap(options)) },
  LimitSize: { rows: LimitSize.described.rows, layer: (options) => Memory.layer().pipe(LimitSize.wrap(options)) },
  RateLimit: {
    rows: RateLimit.described.rows,
    layer: (options) => Memory.layer().pipe(RateLimit.wrap({ limit: 100, ...options }))
  },
  Retry: { rows: Retry.described.rows, layer: (options) => Memory.layer().pipe(Retry.wrap(options)) },
  Statistics: { rows: Statistics.described.rows, layer: (options) => Memory.layer().pipe(Statistics.wrap(options)) },
  Timeout: { rows: Timeout.described.rows, layer: ({ duration }) => Memory.layer().pipe(Timeout.wrap(duration)) },
  TtlClamp: { rows: TtlClamp.described.rows, layer: (options) => Memory.layer().pipe(TtlClamp.wrap(options)) },
  Memory: { rows: Memory.described.rows, layer: (options) => Memory.layer(options) },
  PrefixKeys: { rows: [], layer: ({ text }) => Memory.layer().pipe(PrefixKeys.wrap(text)) },
  PrefixCollections: { rows: [], layer: ({ text }) => Memory.layer().pipe(PrefixCollections.wrap(text)) },
  SingleCollection: { rows: [], layer: ({ text }) => Memory.layer().pipe(SingleCollection.wrap(text)) },
  "Sqlite's tables": { rows: [], layer: ({ text }) => Sqlite.layer({ table: text }) },
  "Redis' prefixes": { rows: [], layer: ({ text }) => Redis.layer({ prefix: text, url: "redis://127.0.0.1:1" }) }
}

const use = (layer: Layer.Layer<KeyValue.KeyValue, unknown>, name: string) =>
  Effect.flatMap(Layer.build(layer), (context) =>
    Effect.provide(
      KeyValue.KeyValue.use((kv) =>
        Effect.andThen(kv.put(name, name, { collection: name }), kv.get(name, { collection: name }))
      ),
      context
    )
  )

/** Parses JSON, and returns other text as it is. */
const valueOf = (text: string): unknown => {
  const numbers: Readonly<Record<string, unknown>> = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    undefined,
    lone: "\ud800"
  }
  if (Object.hasOwn(numbers, text)) return numbers[text]
  return Effect.runSync(
    Effect.orElseSucceed(
      Effect.try(() => JSON.parse(text) as unknown),
      () => text
    )
  )
}

const values = [
  "0",
  "-1",
  "1.5",
  "1e20",
  "2147483648",
  "9007199254740993",
  "NaN",
  "Infinity",
  "lone",
  '"1 second"',
  '"1 KiB"',
  '"5 nanos"',
  "null",
  "true",
  "[1,2]",
  '{"seconds":1}',
  '{"percentile":0.5}',
  '{"consecutive":3,"window":5}',
  '{"ratio":0.1}',
  '"store"',
  "app:",
  "a__b"
].map(encode)

/** One way for each option, so that an input and its way identify the attempt. */
const waysOf = (name: string): ReadonlyArray<readonly [string, Way]> => {
  const { rows, layer } = layers[name]!
  const way =
    (optionsOf: (text: string) => object): Way =>
    (_, input) => {
      const text = decode(input)
      return Effect.scoped(Effect.suspend(() => use(layer(optionsOf(text)), text)))
    }
  return rows.length === 0
    ? [[name, way((text) => ({ text }))]]
    : rows.map((row) => [`${name}.${row.name}`, way((text) => withOption(row.name, valueOf(text)))])
}

const withOption = (name: string, value: unknown): object => {
  const [outer, inner] = name.split(".") as [string, string?]
  return { [outer]: inner === undefined ? value : { [inner]: value } }
}

const inputOf = (dice: Dice): Uint8Array => (dice.oneIn(2) ? dice.pick(values) : damaged(dice, values))

export const options: Target = {
  name: "options and names",
  weight: 1,
  make: Effect.succeed<Instance>({
    batch: 1,
    input: inputOf,
    store: () => Effect.void,
    ways: Object.fromEntries(Object.keys(layers).flatMap(waysOf))
  })
}
