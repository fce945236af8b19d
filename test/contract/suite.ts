import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as StoreContract from "../../src/testing/StoreContract.ts"

/** Runs the contract on a layer, which every case builds for itself, under the test clock. */
export const contract = <const C extends StoreContract.Capability, E>(
  name: string,
  layer: Layer.Layer<StoreContract.ServicesOf<C>, E>,
  options: StoreContract.Options<C>
): void => {
  describe(name, () => {
    for (const { name, run } of StoreContract.cases(options)) it.effect(name, () => Effect.provide(run, layer))
  })
}
