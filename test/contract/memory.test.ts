import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Memory from "../../src/stores/Memory.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"

const stores = {
  unbounded: [Memory.layer(), {}],
  "500 entries": [Memory.layer({ maxEntries: 500 }), { maxEntries: 500 }],
  "500 entries per collection": [Memory.layer({ maxEntries: 500, limitsPer: "collection" }), { maxEntries: 500 }],
  "16 MiB": [Memory.layer({ maxSize: "16 MiB" }), {}]
} as const

for (const [name, [layer, options]] of Object.entries(stores)) {
  describe(`Memory, ${name}`, () => {
    for (const { name, run } of StoreContract.cases({ ...options, capabilities: StoreContract.allCapabilities })) {
      it.effect(name, () => Effect.provide(run, layer))
    }
  })
}
