/** A process of the service: `node process.ts <chapter's file> <lab's URL> <scenario as JSON> <share as JSON>`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Statistics } from "effect-kv"
import { Database, DatabaseError } from "../service.ts"
import { Api } from "./api.ts"
import { requestsOf, send } from "./load.ts"
import type { ChapterLayer } from "./run.ts"
import { type Scenario, Share } from "./scenario.ts"

const [file = "", url = "", scenario = "", share = ""] = process.argv.slice(2)

/** All calls that the service has made to Redis. */
const redisCalls = Effect.gen(function* () {
  const statistics = yield* Effect.serviceOption(Statistics.Statistics)
  if (Option.isNone(statistics)) return 0
  const { total } = yield* statistics.value.snapshot
  return Object.values(total).reduce((sum, { calls }) => sum + calls, 0)
})

const program = Effect.gen(function* () {
  const { layer } = (yield* Effect.promise(() => import(`../${file}`))) as { readonly layer: ChapterLayer }
  const lab = yield* HttpApiClient.make(Api, { baseUrl: url })
  const { part, from, to } = yield* Schema.decodeEffect(Schema.fromJsonString(Share))(share)
  const all = yield* requestsOf(JSON.parse(scenario) as Scenario)
  const requests = all.filter(({ at }, i) => i % 2 === part && at >= from * 1000 && at < to * 1000)
  const FromLab = Layer.succeed(Database, {
    find: (id) =>
      Effect.mapError(lab.database.find({ params: { id } }), (error) =>
        error._tag === "DatabaseError" ? error : new DatabaseError({ id })
      )
  })
  yield* Effect.gen(function* () {
    const answers = yield* send(requests, yield* lab.run.start())
    yield* lab.run.report({ payload: { answers, redisCalls: yield* redisCalls } })
  }).pipe(Effect.provide(layer.pipe(Layer.provide(FromLab))))
})

program.pipe(Effect.provide(FetchHttpClient.layer), NodeRuntime.runMain)
