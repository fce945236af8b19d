/** How the number of file system calls grows with the number of entries. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inDirectory, open, type Store } from "./steps.ts"

const names = (n: number) => Array.from({ length: n }, (_, i) => `key-${i}`)
const entries = (n: number) => names(n).map((key) => [key, 1] as const)

const operations: Record<string, (store: Store, n: number) => Effect.Effect<unknown, unknown>> = {
  putMany: ({ kv }, n) => kv.putMany(entries(n)),
  getMany: ({ kv }, n) => kv.getMany(names(n)),
  "getMany of missing keys": ({ kv }, n) => kv.getMany(names(n).map((name) => `no-${name}`)),
  deleteMany: ({ kv }, n) => kv.deleteMany(names(n)),
  keys: ({ enumeration }) => Stream.runDrain(enumeration.keys()),
  collections: ({ enumeration }) => Stream.runDrain(enumeration.collections()),
  clear: ({ maintenance }) => maintenance.clear,
  removeExpired: ({ maintenance }) => Effect.andThen(TestClock.adjust("1 second"), maintenance.removeExpired)
}

describe("file system calls", () => {
  for (const [name, run] of Object.entries(operations)) {
    it.effect(`at most double in ${name} for twice as many entries`, () =>
      Effect.gen(function* () {
        const callsFor = (n: number) =>
          inDirectory((directory) =>
            Effect.gen(function* () {
              let calls = 0
              const store = yield* open(directory, () => Effect.sync(() => void calls++))
              yield* store.kv.putMany(entries(n), { ttl: "1 second" })
              calls = 0
              yield* run(store, n)
              return calls
            })
          )
        const once = yield* callsFor(150)
        const twice = yield* callsFor(300)
        assert.isAtLeast(once, 1)
        assert.isAtMost(twice, 2.4 * once)
      })
    )
  }

  it.effect("are three for a get and six for a put, of which one is for other processes", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const calls: Array<string> = []
        const { kv } = yield* open(directory, (name) => Effect.sync(() => void calls.push(name)))
        yield* kv.put("a", 1)
        calls.length = 0
        yield* kv.get("a")
        assert.deepStrictEqual(calls.splice(0), ["lstat", "lstat", "readFile"])
        yield* kv.put("a", 1)
        assert.deepStrictEqual(calls, ["lstat", "lstat", "open", "writeAll", "rename", "readDirectory"])
      })
    )
  )
})
