import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { driverOf } from "../../Driver.ts"
import type { Driver } from "../../driver/Driver.ts"
import { coincide, meet, storesOf } from "../../driver/extents.ts"
import type { KeyValue } from "../../KeyValue.ts"
import { StoreSetupError } from "../../KeyValueError.ts"

/**
 * A store that is cached: its layer, and the driver that the layer was built to. A layer that is built twice may lead to two
 * stores, for example where a service decides which one.
 */
interface Cached {
  readonly layer: object
  readonly driver: Driver
}

const isSame = (a: Cached, b: Cached): boolean =>
  a.layer === b.layer && (a.driver === b.driver || coincide(a.driver, b.driver))

/** A cache that is in use, and the store whose copies it holds. */
interface Claim {
  readonly cache: Driver
  readonly of: Cached
}

/** The claims on each store that holds copies. */
const claims = new Map<unknown, Set<Claim>>()

/** The store of each cache that was ever in use: the copies stay when the claim has ended. */
const storeOf = new WeakMap<Driver, Cached>()

/**
 * The cache of a store, which holds the copies of no other store.
 *
 * A layer is built once, so one constant may be the cache of two stacks, and each stack would return copies of the other's
 * store. The second stack gets a cache of its own: the layer is built once more. Where that reaches the same entries again,
 * as with a file, it fails with `StoreSetupError`.
 */
export const ownCache = <A, E, R, E1, R1>(
  cache: Layer.Layer<A | KeyValue, E, R>,
  layer: Layer.Layer<KeyValue, E1, R1>
): Layer.Layer<A | KeyValue, E | E1 | StoreSetupError, R | R1> =>
  Layer.flatMap(layer, (inner) => {
    const store = { layer, driver: driverOf(inner) }
    return Layer.flatMap(cache, (context) =>
      Layer.unwrap(
        Effect.map(claim(driverOf(context), store), (isClaimed) =>
          isClaimed ? Layer.succeedContext(context) : anotherCache(cache, store)
        )
      )
    )
  })

const anotherCache = <A, E, R>(
  cache: Layer.Layer<A | KeyValue, E, R>,
  store: Cached
): Layer.Layer<A | KeyValue, E | StoreSetupError, R> =>
  Layer.flatMap(Layer.fresh(cache), (context) =>
    Layer.effectContext(
      Effect.flatMap(claim(driverOf(context), store), (isClaimed) =>
        isClaimed ? Effect.succeed(context) : Effect.fail(new StoreSetupError({ module: "PassthroughCache", reason }))
      )
    )
  )

/** Claims a cache until the scope closes, unless it is another store's. Returns whether it is claimed. */
const claim = (cache: Driver, of: Cached) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): Claim | undefined => {
        const stores = storesOf(cache)
        const isAnothers = (other: Claim) => !isSame(other.of, of) && meet(other.cache, cache)
        const isTaken = [...stores].some((store) => [...(claims.get(store) ?? [])].some(isAnothers))
        if (isTaken || !isSame(storeOf.get(cache) ?? of, of)) return undefined
        const claim = { cache, of }
        for (const store of stores) claims.set(store, (claims.get(store) ?? new Set()).add(claim))
        storeOf.set(cache, of)
        return claim
      }),
      (claim) => Effect.sync(() => claim && release(claim))
    ),
    (claim) => claim !== undefined
  )

const release = (claim: Claim): void => {
  for (const store of storesOf(claim.cache)) {
    const ofStore = claims.get(store)!
    ofStore.delete(claim)
    if (ofStore.size === 0) claims.delete(store)
  }
}

const reason =
  "the cache is that of another store already, whose copies it would return: give each store a cache of its own, or " +
  "names of its own in a shared one (PrefixKeys, PrefixCollections)"
