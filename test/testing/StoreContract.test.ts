/** Tests that the contract finds faulty stores, and which cases it has. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Driver from "../../src/Driver.ts"
import type { Entry } from "../../src/Entry.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"
import { Payload, type Value } from "../../src/Value.ts"

const { allCapabilities: capabilities } = StoreContract

/** The ids of the cases that fail. */
const failures = Effect.fnUntraced(function* <E>(
  layer: Layer.Layer<StoreContract.ServicesOf<StoreContract.Capability>, E>,
  options?: StoreContract.Options,
  isChosen: (id: string) => boolean = () => true
) {
  const failed: Array<string> = []
  for (const { id, run } of StoreContract.cases({ capabilities, ...options })) {
    if (!isChosen(id)) continue
    const exit = yield* Effect.exit(Effect.provide(run, layer, { local: true }).pipe(Effect.provide(TestClock.layer())))
    if (Exit.isFailure(exit)) failed.push(id)
  }
  return failed
})

const broken = (transform: (driver: Driver.Driver) => Partial<Driver.Driver>) =>
  Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, ...transform(driver) })))

const brokenPut = (change: (entry: Entry) => Entry) =>
  broken((driver) => ({ put: (call) => driver.put({ ...call, entries: call.entries.map(change) }) }))

const brokenNames = (encode: (name: string) => string) =>
  Memory.layer().pipe(
    Driver.wrapper(
      Driver.mapNames({ key: { encode, decode: (name) => name }, collection: { encode, decode: (name) => name } })
    )
  )

const brokenValues = (decode: (value: Value) => Value | undefined) =>
  Memory.layer().pipe(
    Driver.wrapper(
      Driver.mapEntries({
        decode: (entry) => {
          const value = entry && decode(entry.payload.value)
          return Effect.succeed(
            entry && value !== undefined ? { ...entry, payload: Payload.json(value as never) } : undefined
          )
        }
      })
    )
  )

/** Faults that stores have had, each with the case that finds it. */
const faults = {
  "forgets TTLs": ["S28", brokenPut((entry) => ({ ...entry, expiresAt: undefined }))],
  "cuts TTLs to whole seconds": ["TI4", brokenPut((entry) => ({ ...entry, expiresAt: seconds(entry, Math.floor) }))],
  "rounds TTLs up to seconds": ["TI3", brokenPut((entry) => ({ ...entry, expiresAt: seconds(entry, Math.ceil) }))],
  "lets long TTLs end early": ["TI8", brokenPut((entry) => ({ ...entry, expiresAt: atMost(entry, 30 * 86_400_000) }))],
  "returns a miss for null": ["LO2", brokenValues((value) => value ?? undefined)],
  "returns a miss for an empty object": [
    "VA1",
    brokenValues((value) => (JSON.stringify(value) === "{}" ? undefined : value))
  ],
  "drops the sign of zero": ["VA1", brokenValues((value) => (Object.is(value, -0) ? 0 : value))],
  "turns text into numbers": ["VA1", brokenValues((value) => (value === "123" ? 123 : value))],
  "replaces lone surrogates": [
    "VA1",
    brokenValues((value) => (typeof value === "string" ? value.toWellFormed() : value))
  ],
  "decodes base64 text": ["VA1", brokenValues((value) => (value === "YWJjZA==" ? "abcd" : value))],
  "returns bytes as an array": [
    "VA4",
    brokenValues((value) => (value instanceof Uint8Array ? Array.from(value) : value))
  ],
  "stores names in lower case": ["NA2", brokenNames((name) => name.toLowerCase())],
  "normalizes names": ["NA2", brokenNames((name) => name.normalize("NFC"))],
  "trims names": ["NA2", brokenNames((name) => name.trim())],
  "cuts off long names": ["NA4", brokenNames((name) => name.slice(0, 60_000))],
  "cuts names at U+0000": ["NA2", brokenNames((name) => name.split("\u0000")[0]!)],
  "confuses slashes and colons in names": ["NA2", brokenNames((name) => name.replaceAll("/", ":"))],
  "joins pairs of names without escaping": [
    "NA1",
    Memory.layer().pipe(
      Driver.wrapper(
        Driver.foldCollections("all", {
          encodeFirst: (first) => first,
          encode: (first, second) => `${first}::${second}`,
          decode: (name) => name.split("::") as [string, string]
        })
      )
    )
  ],
  "returns the object that it keeps": [
    "VA9",
    broken((driver) => {
      const kept = new Map<string, Entry>()
      return {
        get: (call) =>
          Effect.map(driver.get(call), (entries) =>
            entries.map((entry, i) => {
              const name = JSON.stringify([call.collection, call.keys[i]])
              if (entry === undefined) kept.delete(name)
              else if (!kept.has(name)) kept.set(name, entry)
              return kept.get(name)
            })
          )
      }
    })
  ],
  "returns a batch in another order": [
    "S11",
    broken((driver) => ({
      get: (call) => {
        const keys = call.keys.toSorted()
        return driver.get({ ...call, keys })
      }
    }))
  ],
  "counts missing keys in delete": [
    "S18",
    broken((driver) => ({ delete: (call) => Effect.as(driver.delete(call), call.keys.length) }))
  ],
  "counts a repeated key several times in delete": [
    "BA2",
    broken((driver) => ({
      delete: (call) =>
        Effect.map(driver.delete(call), (count) =>
          count === 0 ? 0 : count + call.keys.length - new Set(call.keys).size
        )
    }))
  ],
  "keeps the first of equal keys in a batch": [
    "BA2",
    broken((driver) => ({
      put: (call) => driver.put({ ...call, keys: call.keys.toReversed(), entries: call.entries.toReversed() })
    }))
  ],
  "keeps the TTL of an overwritten entry": [
    "TI5",
    broken((driver) => ({
      put: (call) =>
        Effect.flatMap(Effect.orDie(driver.get({ ...call, _tag: "get", expiry: true, versioned: false })), (before) =>
          driver.put({
            ...call,
            entries: call.entries.map((entry, i) => ({ ...entry, expiresAt: entry.expiresAt ?? before[i]?.expiresAt }))
          })
        )
    }))
  ],
  "lists only the first page": [
    "EN5",
    broken((driver) => ({
      listing: {
        ...driver.listing!,
        keys: (call) => Effect.map(driver.listing!.keys(call), (page) => ({ ...page, next: undefined }))
      }
    }))
  ],
  "lists keys twice": [
    "EN1",
    broken((driver) => ({
      listing: {
        ...driver.listing!,
        keys: (call) =>
          Effect.map(driver.listing!.keys(call), (page) => ({ ...page, names: [...page.names, ...page.names] }))
      }
    }))
  ],
  "ignores the prefix": [
    "EN2",
    broken((driver) => ({
      listing: { ...driver.listing!, keys: (call) => driver.listing!.keys({ ...call, prefix: "" }) }
    }))
  ],
  "takes a prefix for a pattern": [
    "EN3",
    broken((driver) => ({
      listing: {
        ...driver.listing!,
        keys: (call) => driver.listing!.keys({ ...call, prefix: call.prefix.replace(/\*$/, "") })
      }
    }))
  ],
  "lists expired keys": [
    "EN10",
    broken((driver) => {
      const put = new Set<string>()
      return {
        put: (call) => {
          for (const key of call.keys) put.add(key)
          return driver.put(call)
        },
        listing: { ...driver.listing!, keys: () => Effect.sync(() => ({ names: [...put], next: undefined })) }
      }
    })
  ],
  "clears all collections with the same prefix": [
    "MA1",
    broken((driver) => ({
      maintenance: {
        ...driver.maintenance!,
        clear: (call) =>
          driver.maintenance!.clear(
            "name" in call.collection ? { ...call, collection: { prefix: call.collection.name } } : call
          )
      }
    }))
  ],
  "clears nothing": [
    "MA4",
    broken((driver) => ({
      maintenance: { ...driver.maintenance!, clear: () => Effect.succeed({ count: 0, next: undefined }) }
    }))
  ],
  "removes entries that have not expired": [
    "MA5",
    broken((driver) => ({
      maintenance: {
        ...driver.maintenance!,
        removeExpired: (call) =>
          driver.maintenance!.clear({ ...call, _tag: "clear", collection: { prefix: "" }, keyPrefix: "" })
      }
    }))
  ],
  "overwrites without comparing": [
    "AT6",
    broken((driver) => ({
      get: (call) => Effect.tap(driver.get(call), () => Effect.yieldNow),
      atomic: {
        compareAndPut: (call) =>
          Effect.as(
            call.entry === undefined
              ? driver.delete(Driver.toDelete(call))
              : driver.put({ ...call, _tag: "put", entries: [call.entry] }),
            true
          )
      }
    }))
  ],
  "forgets the TTL on update": [
    "AT7",
    broken((driver) => ({
      atomic: {
        compareAndPut: (call) =>
          driver.atomic!.compareAndPut({ ...call, entry: call.entry && { ...call.entry, expiresAt: undefined } })
      }
    }))
  ]
} as const satisfies Record<string, readonly [string, Layer.Layer<any, any>]>

function seconds({ createdAt, expiresAt }: Entry, round: (seconds: number) => number): number | undefined {
  return expiresAt && createdAt! + round((expiresAt - createdAt!) / 1000) * 1000
}

function atMost({ createdAt, expiresAt }: Entry, ttl: number): number | undefined {
  return expiresAt && Math.min(expiresAt, createdAt! + ttl)
}

describe("StoreContract", () => {
  describe("the contract on a faulty store", () => {
    for (const [fault, [id, layer]] of Object.entries(faults)) {
      it.live(`finds a store that ${fault}`, () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* failures(layer, {}, (it) => it === id), [id])
        })
      )
    }

    it.live("finds a store that keeps more than its bound", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* failures(Memory.layer(), { maxEntries: 100 }), ["S33"])
      })
    )
  })

  it.live("finds nothing wrong with Memory", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failures(Memory.layer()), [])
    })
  )

  describe("cases", () => {
    const ids = (options?: StoreContract.Options) => StoreContract.cases(options).map(({ id }) => id)

    it("have unique ids, with which their names start", () => {
      const all = StoreContract.cases({ capabilities, maxEntries: 500 })
      assert.strictEqual(new Set(all.map(({ id }) => id)).size, all.length)
      for (const { id, name } of all) assert.isTrue(name.endsWith(` [${id}]`))
    })

    it("leave out what the store cannot do", () => {
      assert.isFalse(ids().some((id) => /^(EN|MA|AT)|^S33$/.test(id)))
      assert.isTrue(ids({ capabilities: ["Atomic"] }).includes("AT1"))
      assert.isFalse(ids({ capabilities: ["Atomic"] }).includes("EN1"))
      assert.isTrue(ids({ maxEntries: 500 }).includes("S33"))
      assert.isFalse(ids({ capabilities, shared: true }).includes("MA4"))
      assert.isTrue(ids({ capabilities, shared: true }).includes("MA1"))
      assert.isFalse(ids({ misses: false }).includes("S2"))
    })

    it("leave out the cases in the option skip", () => {
      assert.isFalse(ids({ skip: { S2: "a reason" } }).includes("S2"))
      assert.throws(() => ids({ skip: { S99: "there is none" } }), /no case S99/)
    })

    it("cover every row of py-key-value's suite", () => {
      const lifecycle = ["S37"]
      const rows = Array.from({ length: 37 }, (_, i) => `S${i + 1}`).filter((id) => !lifecycle.includes(id))
      assert.deepStrictEqual(
        rows.filter((id) => !ids({ capabilities, maxEntries: 500 }).includes(id)),
        []
      )
    })
  })
})
