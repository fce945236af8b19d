/** The versions by which Sqlite detects concurrent writes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Calls from "../../../src/driver/Calls.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import { temporaryFile, withStore } from "./support.ts"

const place = { operation: "update", collection: "c", keys: ["a"] } as const

const c = { collection: "c" }

const versionOf = (kv: KeyValue.Service) =>
  Effect.map(kv.driver.get(Calls.get(place, { expiry: true, versioned: true })), ([entry]) => entry?.version)

/** Deletes the key if it has a version. */
const deleteIf = (kv: KeyValue.Service, expected: unknown) =>
  kv.driver.atomic!.compareAndPut(Calls.compareAndPut(place, { entry: undefined, expected }))

describe("versions", () => {
  it.effect("are not reused after overwriting, deleting or in another layer", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const seen: Array<unknown> = []
      for (let layer = 0; layer < 3; layer++) {
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          for (let write = 0; write < 3; write++) {
            yield* kv.put("a", 1, c)
            const version = yield* versionOf(kv)
            for (const old of seen) assert.isFalse(yield* deleteIf(kv, old))
            seen.push(version)
            if (write > 0) assert.isTrue(yield* deleteIf(kv, version))
          }
        }).pipe(withStore({ filename }))
      }
      assert.strictEqual(new Set(seen).size, 9)
    })
  )

  it.effect("differ between layers that write at the same time", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        const first = yield* KeyValue.KeyValue
        yield* Effect.gen(function* () {
          const second = yield* KeyValue.KeyValue
          yield* first.put("a", 1, c)
          const version = yield* versionOf(second)
          yield* second.delete("a", c)
          yield* second.put("a", 1, c)
          assert.isFalse(yield* deleteIf(first, version))
          assert.strictEqual(yield* first.get("a", c), 1)
        }).pipe(withStore({ filename }))
      }).pipe(withStore({ filename }))
    })
  )
})
