/**
 * Runs the contract suite on the store and the wrappers of this directory, with `@effect/vitest`.
 *
 *     npx vitest run test/examples/contract.test.ts
 */
import { describe, it } from "@effect/vitest"
import { Effect, type Layer, Redacted } from "effect"
import { Memory } from "effect-kv"
import { StoreContract } from "effect-kv/testing"
import { bulkhead } from "./around.ts"
import { readingFrom } from "./combine.ts"
import { signed } from "./map-entries.ts"
import { lowerCase } from "./map-names.ts"
import * as Store from "./store.ts"

const contract = <const C extends StoreContract.Capability, E>(
  name: string,
  layer: Layer.Layer<StoreContract.ServicesOf<C>, E>,
  options: StoreContract.Options<C>
) =>
  describe(name, () => {
    // Each case has its own layer and test clock.
    for (const { name, run } of StoreContract.cases(options)) it.effect(name, () => Effect.provide(run, layer))
  })

const all = { capabilities: StoreContract.allCapabilities }
const none = { capabilities: [] }
const Replica = Memory.layer()

contract("the store", Store.layer, none)
contract(
  "the store through all of the wrappers",
  Store.layer.pipe(lowerCase, signed(Redacted.make("s")), bulkhead(100)),
  none
)
contract("around", Memory.layer().pipe(bulkhead(100)), all)
contract("mapNames", Memory.layer().pipe(lowerCase), all)
contract("mapEntries", Memory.layer().pipe(signed(Redacted.make("s3cret"))), all)
contract("combine", Replica.pipe(readingFrom(Replica)), all)
