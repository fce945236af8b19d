import { utimesSync } from "node:fs"
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Maintenance from "../../src/Maintenance.ts"
import { temporaryDirectory } from "../servers/process.ts"
import { asides } from "./crash/asides.ts"
import { Ledger } from "./crash/Ledger.ts"
import { start, warmUp } from "./crash/process.ts"
import { type Name, stores } from "./crash/stores.ts"
import { allKeys } from "./crash/values.ts"
import { failed, judged, type Row } from "./row.ts"

/** Milliseconds after its first write by which a writer is killed. */
const longest = 80

/** One writer in this many is killed so early that it may not have opened the store yet. */
const early = 5

/** How many writers are started in advance. */
const ahead = 2

/** Kills a process during its writes, many times over the same files, and reads all entries after each kill. */
export const killing = (store: Name, kills: number): Effect.Effect<Row> => {
  const name = `kill -9 of the process, ${kills} times`
  return Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const scope = yield* Effect.scope
    const startNext = Effect.gen(function* () {
      const own = yield* Scope.fork(scope)
      return { own, writer: yield* Scope.provide(start(store, directory), own) }
    })
    yield* warmUp(store)
    const waiting = yield* Effect.replicateEffect(startNext, ahead)
    const ledger = new Ledger()
    let [lost, slowest, mostAside] = [0, 0, 0]
    const wrong: Array<string> = []
    for (let run = 1; run <= kills; run++) {
      const { own, writer } = waiting.shift()!
      ledger.add(yield* writer.run(run, { early: run % early === 0, millis: Math.random() * longest }))
      yield* Scope.close(own, Exit.void)
      if (run + ahead <= kills) waiting.push(yield* startNext)
      const began = performance.now()
      const read = yield* Effect.result(
        Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.getMany(allKeys)),
          stores[store](directory)
        )
      )
      slowest = Math.max(slowest, performance.now() - began)
      if (read._tag === "Failure") {
        wrong.push(`after kill ${run}: ${read.failure.message}`)
        break
      }
      const judgement = ledger.judge(run, read.success, store === "Sqlite")
      lost += judgement.lost
      wrong.push(...judgement.wrong)
      mostAside = Math.max(mostAside, asides(directory).length)
    }
    const files = yield* swept(store, directory)
    return judged(
      name,
      store,
      { tags: [], memory: "kept", backWithin: 1000 },
      {
        calls: ledger.acknowledged,
        failures: {},
        defects: ledger.failures,
        back: slowest,
        acknowledged: ledger.acknowledged,
        lost,
        wrongReads: wrong,
        connections: 0,
        timers: 0,
        files
      },
      store === "Sqlite"
        ? ['synchronous: "full"; back after: opening the file and reading every key']
        : [`fsync; ${mostAside} temporary files were left by killed writers, none once they were an hour old`]
    )
  }).pipe(
    Effect.scoped,
    Effect.catchCause((cause) => Effect.succeed(failed(name, store, cause)))
  )
}

/** How many temporary files are left after the store has cleaned up. */
const swept = (store: Name, directory: string) =>
  Effect.gen(function* () {
    for (const file of asides(directory)) utimesSync(file, 0, 0)
    yield* Effect.provide(
      Maintenance.Maintenance.use(({ removeExpired }) => removeExpired),
      stores[store](directory)
    )
    return asides(directory).length
  })
