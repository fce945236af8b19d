import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { driverOf } from "../../Driver.ts"
import type { Driver } from "../../driver/Driver.ts"
import { coincide, meet, storesOf } from "../../driver/extents.ts"
import type { KeyValue } from "../../KeyValue.ts"
import { StoreSetupError } from "../../KeyValueError.ts"

/**
 * A far store: its layer, and what that was built to. A layer that is built twice may lead to two stores, as where a service
 * tells it which.
 */
interface Far {
  readonly layer: object
  readonly driver: Driver
}

const isSame = (a: Far, b: Far): boolean =>
  a.layer === b.layer && (a.driver === b.driver || coincide(a.driver, b.driver))

/** A near store that is in use, and the far store whose copies it holds. */
interface Claim {
  readonly near: Driver
  readonly far: Far
}

/** By the stores that hold the copies. */
const claims = new Map<unknown, Set<Claim>>()

/** The far stores of near stores that were ever in use: the copies stay when the claim is over. */
const fars = new WeakMap<Driver, Far>()

/**
 * The near store of a far store, which is no other far store's.
 *
 * A layer is built once, so that one constant may be the cache of two stacks, which would be answered each other's copies.
 * The second one gets a near store of its own: the layer is built once more. Where that reaches the same entries again, as
 * with a file, it fails with `StoreSetupError`.
 */
export const nearOf = <A, E, R, E1, R1>(
  cache: Layer.Layer<A | KeyValue, E, R>,
  layer: Layer.Layer<KeyValue, E1, R1>
): Layer.Layer<A | KeyValue, E | E1 | StoreSetupError, R | R1> =>
  Layer.flatMap(layer, (inner) => {
    const far = { layer, driver: driverOf(inner) }
    return Layer.flatMap(cache, (context) =>
      Layer.unwrap(
        Effect.map(claim(driverOf(context), far), (claimed) =>
          claimed ? Layer.succeedContext(context) : own(cache, far)
        )
      )
    )
  })

const own = <A, E, R>(
  cache: Layer.Layer<A | KeyValue, E, R>,
  far: Far
): Layer.Layer<A | KeyValue, E | StoreSetupError, R> =>
  Layer.flatMap(Layer.fresh(cache), (context) =>
    Layer.effectContext(
      Effect.flatMap(claim(driverOf(context), far), (claimed) =>
        claimed ? Effect.succeed(context) : Effect.fail(new StoreSetupError({ module: "PassthroughCache", reason }))
      )
    )
  )

/** Claims a near store until the scope closes, unless it is another far store's. Answers whether it did. */
const claim = (near: Driver, far: Far) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): Claim | undefined => {
        const stores = storesOf(near)
        const isOthers = (other: Claim) => !isSame(other.far, far) && meet(other.near, near)
        const isTaken = [...stores].some((store) => [...(claims.get(store) ?? [])].some(isOthers))
        if (isTaken || !isSame(fars.get(near) ?? far, far)) return undefined
        const claim = { near, far }
        for (const store of stores) claims.set(store, (claims.get(store) ?? new Set()).add(claim))
        fars.set(near, far)
        return claim
      }),
      (claim) => Effect.sync(() => claim && release(claim))
    ),
    (claim) => claim !== undefined
  )

const release = (claim: Claim): void => {
  for (const store of storesOf(claim.near)) {
    const own = claims.get(store)!
    own.delete(claim)
    if (own.size === 0) claims.delete(store)
  }
}

const reason =
  "the cache is that of another store already, whose copies it would answer: give each store a cache of its own, or " +
  "names of its own in a shared one (PrefixKeys, PrefixCollections)"
