import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Driver } from "./Driver.ts"

/**
 * Makes a layer over the store in the context, which a program builds once for each store.
 *
 * Effect memoizes a layer by reference, whatever it is provided with. So a layer in a constant would give the service over the
 * first store to all users, also to the other tenants of a `LayerMap`. This layer is not memoized itself. It has another
 * memoized layer for each driver, which is released with its last user.
 */
export const layerByDriver = <Id, A, E, R>(
  store: Context.Key<Id, { readonly driver: Driver }>,
  make: () => Layer.Layer<A, E, R>
): Layer.Layer<A, E, Id | R> => {
  const layers = new WeakMap<Driver, Layer.Layer<A, E, R>>()
  return Layer.fromBuild((memoMap, scope) =>
    Effect.flatMap(store, ({ driver }) => {
      let layer = layers.get(driver)
      if (layer === undefined) layers.set(driver, (layer = make()))
      return Effect.map(Layer.buildWithMemoMap(layer, memoMap, scope), Context.omit(Layer.CurrentMemoMap))
    })
  ) as Layer.Layer<A, E, Id | R>
}
