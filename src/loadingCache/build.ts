/** Makes a cache from its options. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import { jsonCodecOf } from "../collection/codec.ts"
import { CurrentFlight } from "../concurrency/Flight.ts"
import { CurrentRequest } from "../concurrency/request.ts"
import { invalid, aheadOf as toAhead } from "../driver/options.ts"
import { KeyValue } from "../KeyValue.ts"
import { DeserializationError } from "../KeyValueError.ts"
import { CurrentDeadline } from "../time/budget.ts"
import { millisOf } from "../time/duration.ts"
import type { Value } from "../Value.ts"
import type { Config } from "./Config.ts"
import { countersOf } from "./counters.ts"
import { Flights } from "./Flights.ts"
import { Health } from "./Health.ts"
import { KnownTags } from "./KnownTags.ts"
import { HasPermit, LookupLimit } from "./LookupLimit.ts"
import type { LoadError } from "./load.ts"
import { methodsOf } from "./methods.ts"
import { Store } from "./Store.ts"

type AnySchema = Schema.Constraint

/** The options after they have been checked. Times are in milliseconds. */
export interface Checked<A, K, E> {
  readonly collection: string | undefined
  readonly schema: AnySchema
  readonly key?: Schema.Codec<K, string> | undefined
  readonly lookup: (key: K) => Effect.Effect<A, E, any>
  readonly lookupMany?: ((keys: ReadonlyArray<K>) => Effect.Effect<Iterable<readonly [K, A]>, E, any>) | undefined
  readonly ttl: number | ((value: A, key: K) => Duration.Input)
  readonly staleFor: number
  readonly refreshAhead: number | { readonly fraction: number } | undefined
  readonly softTimeout: number | undefined
  readonly hardTimeout: number
  readonly storeTimeout: number
  readonly lease: number | undefined
  readonly jitter: number
  readonly tags?: ((value: A, key: K) => Iterable<string>) | undefined
  readonly cacheErrors:
    | { readonly schema: AnySchema; readonly ttl: number | ((error: E) => Duration.Input | undefined) }
    | undefined
  readonly onStoreFailure: "lookup" | "fail"
  readonly maxConcurrentLookups: number
}

export const build = Effect.fnUntraced(function* <A, K, E>(options: Checked<A, K, E>) {
  const { ttl, refreshAhead, lookup, lookupMany, cacheErrors } = options
  const { driver } = yield* KeyValue
  const collection = options.collection || driver.defaultCollection
  const provided = withServices(yield* Effect.context<any>())
  const counters = yield* countersOf(driver, collection)
  const store = new Store(driver, collection, options.storeTimeout, yield* Random.Random)
  const codec = jsonCodecOf<A, K, any, any>(collection, options)
  const errors = cacheErrors && errorsOf(cacheErrors)
  const unreadable = (name: string) =>
    new DeserializationError({
      ...store.place("get", [name]),
      reason: "the looked-up value does not match the collection's schema after it was encoded"
    })
  if (options.lease !== undefined && driver.atomic === undefined) {
    return yield* invalid("LoadingCache", "lease needs a store with Atomic")
  }
  const flights = new Flights<E | LoadError>()
  yield* Effect.addFinalizer(() => Effect.sync(() => flights.close()))

  const health = new Health(collection, counters)
  const config: Config<A, K, E> = {
    collection,
    encode: (key, value) => provided(codec.encode("put", key, value)),
    decode: (name, value) => provided(Effect.option(codec.decodeStrictly("get", name, value))) as never,
    unreadable,
    nameOf: (key) => Effect.catch(codec.encodeKey("get", key), () => Effect.undefined),
    lookup: (key) => provided(Effect.scoped(Effect.suspend(() => lookup(key)))),
    lookupMany: lookupMany && ((keys) => provided(Effect.scoped(Effect.suspend(() => lookupMany(keys))))),
    ttlOf: typeof ttl === "number" ? () => ttl : ttl,
    tagsOf: options.tags,
    staleFor: options.staleFor,
    longestTtl: typeof ttl === "number" ? ttl : 0,
    aheadOf: aheadOf(refreshAhead),
    jitter: options.jitter,
    softTimeout: options.softTimeout,
    hardTimeout: options.hardTimeout,
    onStoreFailure: options.onStoreFailure,
    concurrency: options.maxConcurrentLookups,
    limit: new LookupLimit(options.maxConcurrentLookups),
    encodeError: (error) => (errors === undefined ? Effect.undefined : provided(errors.encode(error))),
    decodeError: (error) => (errors === undefined ? Effect.undefined : provided(errors.decode(error))),
    lease: options.lease === undefined ? undefined : { ttl: options.lease, store, health },
    knownTags: new KnownTags(),
    store,
    counters,
    health
  }
  return methodsOf({ config, flights }, codec)
})

/** Less than the TTL, or each read would refresh. */
const aheadOf = (value: Checked<unknown, unknown, unknown>["refreshAhead"]): ((ttl: number) => number) => {
  const ahead = toAhead(value) ?? (() => 0)
  return (ttl) => (ahead(ttl) < ttl ? ahead(ttl) : 0)
}

const errorsOf = <E>({ schema, ttl }: NonNullable<Checked<unknown, unknown, E>["cacheErrors"]>) => {
  const json = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownEffect(json)
  const decode = Schema.decodeUnknownEffect(json)
  return {
    encode: Effect.fnUntraced(function* (
      error: E
    ): Effect.fn.Return<{ error: Value; ttl: number } | undefined, never, any> {
      const encoded = yield* Effect.option(encode(error))
      if (Option.isNone(encoded)) return undefined
      const input = typeof ttl === "number" ? ttl : ttl(error)
      if (input === undefined) return undefined
      const millis = millisOf(input)
      if (Number.isNaN(millis)) throw new Error("LoadingCache: the option `cacheErrors.ttl` must return a duration")
      if (millis < 1) return undefined
      return { error: encoded.value as Value, ttl: millis }
    }),
    decode: (error: Value): Effect.Effect<{ error: E } | undefined, never, any> =>
      Effect.match(decode(error), { onFailure: () => undefined, onSuccess: (error) => ({ error: error as E }) })
  }
}

/**
 * Gives an effect the services that the layer was built with, whichever the caller has: the callers share what it returns.
 * The span, the request and the load that the caller belongs to remain the caller's.
 */
const withServices = (context: Context.Context<any>) => {
  const services = Context.omit(
    Tracer.ParentSpan,
    CurrentFlight,
    CurrentRequest,
    CurrentDeadline,
    HasPermit,
    Clock.Clock,
    Random.Random
  )(context) as Context.Context<any>
  return <A, E>(effect: Effect.Effect<A, E, any>): Effect.Effect<A, E> =>
    Effect.updateContext(effect, (caller: Context.Context<never>) => Context.merge(caller, services))
}
