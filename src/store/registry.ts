import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Driver } from "../driver/Driver.ts"
import { coincide, meet } from "../driver/extents.ts"
import { StoreSetupError } from "../KeyValueError.ts"

/** A named store that is in use. */
export interface Named {
  /** The key of the service, which no other declaration has. */
  readonly key: string
  readonly id: string
  readonly driver: Driver
}

/** The named stores that are in use. */
export class Registry extends Context.Service<Registry, Set<Named>>()("effect-kv/Store/Registry") {
  /** Memoized as every layer, so all builds with one `MemoMap` (and builds with forks of it) share a registry. */
  static readonly layer = Layer.sync(Registry, () => new Set())
}

/** Adds a store until the scope closes. Fails if another store in the registry may reach the same entries. */
export const register = (all: Set<Named>, store: Named): Effect.Effect<void, StoreSetupError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      for (const other of all) {
        const reason = conflict(store, other)
        if (reason !== undefined) return Effect.fail(new StoreSetupError({ module: "Store", reason }))
      }
      all.add(store)
      return Effect.void
    }),
    () => Effect.sync(() => all.delete(store))
  )

/**
 * Two builds of one named store may have the same entries, such as before and after `LayerMap.invalidate`. Then all entries
 * are the same. If only some are, a tenant can reach entries of another tenant.
 */
const conflict = (store: Named, other: Named): string | undefined => {
  if (!meet(store.driver, other.driver)) return undefined
  if (store.key !== other.key) {
    return (
      `${show(store)} and ${show(other)} would share entries: use another store for one of them, ` +
      "or keep their names apart with PrefixCollections or PrefixKeys"
    )
  }
  if (coincide(store.driver, other.driver)) return undefined
  return (
    `two stacks of ${show(store)} would share some entries: ` +
    "keep their names apart with PrefixCollections or PrefixKeys in each of them"
  )
}

const show = ({ id }: Named): string => JSON.stringify(id)
