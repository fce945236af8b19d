/**
 * A process that writes until it is killed, and prints what it wrote: `node writer.ts <store> <directory>`. It begins
 * when it reads the number of its run, so that it can be started in advance.
 */
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import * as KeyValue from "../../../src/KeyValue.ts"
import { type Name, stores } from "./stores.ts"
import { batches, firstOf, singles, valueOf } from "./values.ts"

const [store = "", directory = ""] = process.argv.slice(2)

const say = (...words: ReadonlyArray<string | number>) => Effect.sync(() => writeSync(1, `${words.join(" ")}\n`))

const writing = (run: number) =>
  Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    let n = firstOf(run)
    const put = (keys: ReadonlyArray<string>) =>
      Effect.suspend(() => {
        const number = ++n
        return Effect.andThen(
          keys.length === 1
            ? kv.put(keys[0]!, { ...valueOf(keys[0]!, number) })
            : kv.putMany(keys.map((key) => [key, { ...valueOf(key, number) }])),
          say("put", number, ...keys)
        )
      })
    const remove = (key: string) =>
      Effect.suspend(() => {
        const number = ++n
        return Effect.andThen(say("deleting", number, key), Effect.andThen(kv.delete(key), say("deleted", number, key)))
      })
    const fiber = (i: number) => {
      let round = 0
      return Effect.forever(
        Effect.suspend(() => {
          const key = singles[i]![round++ % 4]!
          return round % 5 === 0 ? put(batches[i]!) : round % 7 === 0 ? remove(key) : put([key])
        })
      )
    }
    yield* Effect.forEach([0, 1, 2, 3], fiber, { concurrency: "unbounded" })
  }).pipe(
    Effect.provide(stores[store as Name](directory)),
    Effect.catchCause((cause) => say("failed", JSON.stringify(String(cause))))
  )

createInterface(process.stdin).once("line", (run) => Effect.runFork(writing(Number(run))))
writeSync(1, "ready\n")
