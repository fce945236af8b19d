/** A process with few descriptors: `node manyFiles.ts <directory> <count>` prints how many operations of each kind fail. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Enumeration } from "../../../src/Enumeration.ts"
import { KeyValue } from "../../../src/KeyValue.ts"
import { Maintenance } from "../../../src/Maintenance.ts"
import * as FileSystem from "../../../src/stores/FileSystem.ts"

const [directory = "", count = "0"] = process.argv.slice(2)

const keys = Array.from({ length: Number(count) }, (_, i) => `k${i}`)

const failures = <A, E, R>(each: (key: string, index: number) => Effect.Effect<A, E, R>) =>
  Effect.map(
    Effect.forEach(keys, (key, index) => Effect.exit(each(key, index)), { concurrency: "unbounded" }),
    (exits) => exits.filter((exit) => exit._tag === "Failure").length
  )

const program = Effect.gen(function* () {
  const kv = yield* KeyValue
  const enumeration = yield* Enumeration
  const maintenance = yield* Maintenance
  const collection = (index: number) => ({ collection: `c${index % 100}` })
  return {
    puts: yield* failures((key, index) => kv.put(key, key, collection(index))),
    gets: yield* failures((key, index) => kv.get(key, collection(index))),
    listings: yield* failures((_, index) =>
      index % 10 === 0 ? Stream.runDrain(enumeration.keys(collection(index))) : Effect.void
    ),
    sweeps: yield* failures((_, index) => (index % 1000 === 0 ? maintenance.removeExpired : Effect.void)),
    deletes: yield* failures((key, index) => kv.delete(key, collection(index)))
  }
})

Effect.runPromise(
  Effect.provide(program, FileSystem.layer({ directory }).pipe(Layer.provide(NodeServices.layer)))
).then((answer) => console.log(JSON.stringify(answer)))
