import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Memory } from "effect-kv"
import { StoreContract } from "effect-kv/testing"
import { Keyv } from "keyv"
import * as KeyvStore from "../../examples/coming-from/keyv/store.ts"
import { migratingFrom } from "../../examples/coming-from/migration.ts"

describe("the wrapper for a migration", () => {
  const layer = Memory.layer().pipe(migratingFrom({ from: Memory.layer(), collections: ["a"] }))
  for (const { name, run } of StoreContract.cases({ capabilities: StoreContract.allCapabilities })) {
    it.effect(name, () => Effect.provide(run, layer))
  }
})

describe("keyv", () => {
  for (const { name, run } of StoreContract.cases({ capabilities: [] })) {
    it.live(name, () => Effect.provide(run, KeyvStore.layer({ open: (namespace) => new Keyv({ namespace }) })))
  }
})
