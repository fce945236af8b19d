/**
 * The program that uses a store on a small disk: `node scenario.ts <store> <directory> <"full" | "read-only">`, in
 * a mount namespace where the directory is a file system. Prints an observation as JSON.
 */
import { execFileSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as KeyValue from "../../../src/KeyValue.ts"
import type { KeyValueError } from "../../../src/KeyValueError.ts"
import { asides } from "../crash/asides.ts"
import { type Name, stores } from "../crash/stores.ts"
import type { Observation } from "../row.ts"

const [store = "", directory = "", kind = ""] = process.argv.slice(2)

const layer = stores[store as Name](directory)

const failures: Record<string, number> = {}
const wrongReads: Array<string> = []
const acknowledged = new Map<string, string>()
/** Keys whose writes have all failed. */
const refused = new Set<string>()
const told: Record<string, number> = {}
let calls = 0

/** Makes a call, and records its failure. */
const tried = <A>(effect: Effect.Effect<A, KeyValueError>): Effect.Effect<A | undefined> =>
  Effect.suspend(() => {
    calls++
    return Effect.catch(effect, (error) =>
      Effect.sync(() => {
        const outcome = "outcome" in error && error.outcome !== undefined ? `, ${error.outcome}` : ""
        failures[error._tag] = (failures[error._tag] ?? 0) + 1
        told[`${error._tag}${outcome}`] = (told[`${error._tag}${outcome}`] ?? 0) + 1
        return undefined
      })
    )
  })

const put = (kv: KeyValue.Service, key: string, value: string) =>
  Effect.map(tried(Effect.as(kv.put(key, value), true)), (done) => {
    if (done) acknowledged.set(key, value)
    else if (!acknowledged.has(key)) refused.add(key)
    return done === true
  })

/** Compares the stored entries with all acknowledged writes. */
const check = (kv: KeyValue.Service) =>
  Effect.gen(function* () {
    let lost = 0
    for (const [key, value] of acknowledged) {
      const found = yield* kv.get(key)
      if (found === undefined) lost++
      else if (found !== value) wrongReads.push(`${key} is not what was acknowledged`)
    }
    for (const key of refused) {
      if ((yield* kv.get(key)) !== undefined) wrongReads.push(`${key} is visible although its write failed`)
    }
    return lost
  })

const remount = (mode: "ro" | "rw") =>
  Effect.sync(() => execFileSync("mount", ["-o", `remount,${mode}`, directory], { stdio: "inherit" }))

const small = (key: string) => `${key} `.repeat(50)
const large = (key: string) => `${key} `.repeat(2000)

const fill = Effect.gen(function* () {
  const ballast = join(directory, "ballast")
  writeFileSync(ballast, Buffer.alloc(400_000))
  let lost = 0
  yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    for (let i = 0; i < 20; i++) yield* put(kv, `early-${i}`, small(`early-${i}`))
    for (let i = 0; Object.keys(failures).length === 0 && i < 1000; i++) yield* put(kv, `fill-${i}`, large(`fill-${i}`))
    // A write without room does not replace the stored entry, which can still be read.
    for (let i = 0; i < 20; i++) yield* put(kv, `early-${i}`, large(`new-${i}`))
    yield* tried(kv.putMany(Array.from({ length: 20 }, (_, i) => [`early-${i}`, large(`batch-${i}`)] as const)))
    lost += yield* check(kv)
  }).pipe(Effect.provide(layer))
  // The same for a store that is opened on the full disk, if it can be opened.
  yield* tried(Effect.provide(Effect.flatMap(KeyValue.KeyValue, check), layer) as Effect.Effect<number, never>)
  rmSync(ballast)
  const freed = performance.now()
  return yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const back = (yield* put(kv, "late", small("late"))) ? performance.now() - freed : undefined
    return { lost: lost + (yield* check(kv)), back }
  }).pipe(Effect.provide(layer))
})

const makeReadOnly = Effect.gen(function* () {
  const writeAll = (kv: KeyValue.Service, value: string) =>
    Effect.forEach(
      Array.from({ length: 20 }, (_, i) => `key-${i}`),
      (key) => put(kv, key, value)
    )
  yield* Effect.provide(
    KeyValue.KeyValue.use((kv) => writeAll(kv, "before")),
    layer
  )
  yield* remount("ro")
  yield* tried(
    Effect.provide(
      KeyValue.KeyValue.use((kv) =>
        Effect.gen(function* () {
          yield* writeAll(kv, "while read-only")
          yield* tried(kv.putMany([["key-0", "while read-only"]]))
          yield* tried(kv.delete("key-1"))
          yield* check(kv)
        })
      ),
      layer
    ) as Effect.Effect<void, KeyValueError>
  )
  yield* remount("rw")
  const freed = performance.now()
  return yield* Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const back = (yield* put(kv, "late", "after")) ? performance.now() - freed : undefined
    return { lost: yield* check(kv), back }
  }).pipe(Effect.provide(layer))
})

const observation = Effect.map(
  Effect.result(Effect.catchCause(kind === "full" ? fill : makeReadOnly, (cause) => Effect.fail(String(cause)))),
  (result): Observation & { readonly told: typeof told } => ({
    calls,
    failures,
    defects: result._tag === "Failure" ? [result.failure] : [],
    back: result._tag === "Success" ? result.success.back : undefined,
    acknowledged: acknowledged.size,
    lost: result._tag === "Success" ? result.success.lost : 0,
    wrongReads,
    connections: 0,
    timers: 0,
    files: asides(directory).length,
    told
  })
)

Effect.runPromise(observation).then((seen) => process.stdout.write(JSON.stringify(seen)))
