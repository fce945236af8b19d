/** Builds the stack of effect-kv that is equivalent to one of py-key-value. */
import { Data, Duration, Effect, type Layer, Redacted, Schema } from "effect"
import {
  Compression,
  type Driver,
  FernetEncryption,
  type KeyValue,
  type KeyValueError,
  LimitSize,
  Logging,
  type ManagedEntry,
  PrefixCollections,
  PrefixKeys,
  ReadOnly,
  Retry,
  SingleCollection,
  Statistics,
  Timeout,
  TtlClamp
} from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Database } from "./database.ts"
import { Secrets } from "./secrets.ts"
import type { Stack } from "./vectors.ts"

/** A stack with a wrapper or an option that has no equivalent. */
export class UnsupportedStack extends Data.TaggedError("UnsupportedStack")<{ readonly message: string }> {}

export interface Settings {
  /** Default: the store's default. */
  readonly format?: ManagedEntry.Format | undefined
}

type Store = Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>

/** The form in which all layers write names. */
const names = "py-key-value"

/** The layer of a stack, with py-key-value's names and exact integers. */
export const build = Effect.fnUntraced(function* (stack: Stack, { format }: Settings = {}) {
  const { client } = yield* Database
  const { default_collection } = yield* store(stack.at(-1))
  let layer: Store = Redis.layer({
    client,
    names,
    integers: "bigint",
    format,
    defaultCollection: default_collection || undefined
  })
  for (const description of stack.slice(0, -1).reverse()) {
    const name = String(description.wrapper)
    const make = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined
    if (make === undefined)
      return yield* new UnsupportedStack({ message: `there is no wrapper ${JSON.stringify(name)}` })
    layer = (yield* make(description))(layer)
  }
  return layer
})

/** Runs an effect on the stack. */
export const on = <A, E>(stack: Stack, effect: Effect.Effect<A, E, KeyValue.KeyValue>, settings?: Settings) =>
  Effect.flatMap(build(stack, settings), (layer) => Effect.provide(effect, layer))

/** Parses the options of a description, and refuses unknown ones. */
const options = <const Fields extends Schema.Struct.Fields>(fields: Fields) => {
  const decode = Schema.decodeUnknownEffect(Schema.Struct(fields))
  return (description: unknown) =>
    Effect.mapError(
      decode(description, { onExcessProperty: "error" }),
      ({ message }) => new UnsupportedStack({ message: `${JSON.stringify(description)}: ${message}` })
    )
}

type Wrap = Driver.Wrapper<never, KeyValueError.StoreSetupError>

const wrapper =
  <const Fields extends Schema.Struct.Fields, R = never>(
    fields: Fields,
    make: (options: Schema.Struct.Type<Fields>) => Wrap | Effect.Effect<Wrap, KeyValueError.StoreSetupError, R>
  ) =>
  (description: unknown) =>
    Effect.flatMap(options({ wrapper: Schema.String, ...fields })(description), (decoded) => {
      const made = make(decoded as unknown as Schema.Struct.Type<Fields>)
      return Effect.isEffect(made) ? made : Effect.succeed(made)
    })

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const store = options({ store: Schema.Literal("redis"), default_collection: optional(Schema.String) })

const given = <A>(value: A | null | undefined): A | undefined => value ?? undefined

const seconds = (value: number | null | undefined) => (value ? Duration.seconds(value) : undefined)

/** Wrappers of py-key-value that have their own default collection do not use the default collection of the store. */
const ownDefault = (name: string | null | undefined): string => name || "default_collection"

const orDefault = <A>(otherwise: A, value: boolean | null | undefined, whenFalse: A): A =>
  value === false ? whenFalse : otherwise

const fernet = Effect.fnUntraced(function* (options: {
  readonly key?: string | null
  readonly keys?: ReadonlyArray<string> | null
  readonly source_material?: string | null
  readonly salt?: string | null
  readonly raise_on_decryption_error?: boolean | null
}) {
  const derived = Effect.flatMap(Secrets, ({ derive }) => derive(options.source_material ?? "", options.salt ?? ""))
  const [first, ...others] = options.keys ?? [options.key ?? (yield* derived)]
  return FernetEncryption.wrap({
    keys: [Redacted.make(first ?? ""), ...others.map((key) => Redacted.make(key))],
    onDecryptionError: orDefault<"fail" | "miss">("fail", options.raise_on_decryption_error, "miss")
  })
})

const wrappers: Readonly<
  Record<
    string,
    (description: unknown) => Effect.Effect<Wrap, UnsupportedStack | KeyValueError.StoreSetupError, Secrets>
  >
> = {
  compression: wrapper({ min_size_to_compress: optional(Schema.Int) }, (o) =>
    Compression.wrap({ minSize: given(o.min_size_to_compress) })
  ),
  fernet: wrapper(
    {
      key: optional(Schema.String),
      keys: optional(Schema.Array(Schema.String)),
      source_material: optional(Schema.String),
      salt: optional(Schema.String),
      raise_on_decryption_error: optional(Schema.Boolean)
    },
    fernet
  ),
  prefix_keys: wrapper({ prefix: Schema.String }, (o) => PrefixKeys.wrap(o.prefix, { names })),
  prefix_collections: wrapper({ prefix: Schema.String, default_collection: optional(Schema.String) }, (o) =>
    PrefixCollections.wrap(o.prefix, { names, defaultCollection: ownDefault(o.default_collection) })
  ),
  single_collection: wrapper(
    {
      single_collection: Schema.String,
      separator: optional(Schema.String),
      default_collection: optional(Schema.String)
    },
    (o) =>
      SingleCollection.wrap(o.single_collection, {
        names,
        separator: o.separator || undefined,
        defaultCollection: ownDefault(o.default_collection)
      })
  ),
  limit_size: wrapper(
    {
      min_size: optional(Schema.Int),
      max_size: optional(Schema.Int),
      raise_on_too_small: optional(Schema.Boolean),
      raise_on_too_large: optional(Schema.Boolean)
    },
    (o) =>
      LimitSize.wrap({
        minSize: given(o.min_size),
        maxSize: given(o.max_size),
        onTooSmall: o.raise_on_too_small ? "fail" : "ignore",
        onTooLarge: orDefault<"fail" | "ignore">("fail", o.raise_on_too_large, "ignore")
      })
  ),
  ttl_clamp: wrapper({ min_ttl: Schema.Finite, max_ttl: Schema.Finite, missing_ttl: optional(Schema.Finite) }, (o) =>
    TtlClamp.wrap({ minTtl: seconds(o.min_ttl), maxTtl: seconds(o.max_ttl), missingTtl: seconds(o.missing_ttl) })
  ),
  read_only: wrapper({ raise_on_write: optional(Schema.Boolean) }, (o) =>
    ReadOnly.wrap({ onWrite: orDefault<"fail" | "ignore">("fail", o.raise_on_write, "ignore") })
  ),
  retry: wrapper(
    {
      max_retries: optional(Schema.Int),
      initial_delay: optional(Schema.Finite),
      max_delay: optional(Schema.Finite),
      exponential_base: optional(Schema.Finite)
    },
    (o) =>
      Retry.wrap({
        maxRetries: given(o.max_retries),
        initialDelay: seconds(o.initial_delay),
        maxDelay: seconds(o.max_delay),
        factor: given(o.exponential_base)
      })
  ),
  timeout: wrapper({ timeout: optional(Schema.Finite) }, (o) => Timeout.wrap(seconds(o.timeout))),
  statistics: wrapper({}, () => (layer) => Statistics.wrap()(layer)),
  logging: wrapper(
    {
      log_level: optional(Schema.Int),
      log_values: optional(Schema.Boolean),
      structured_logs: optional(Schema.Boolean)
    },
    () => Logging.wrap({ level: "Debug", failureLevel: "Debug" })
  )
}
