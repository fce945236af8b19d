/** Chapter 1: no cache. */
import { Effect, Layer } from "effect"
import { Database, Products } from "./service.ts"

export const layer = Layer.effect(
  Products,
  Effect.gen(function* () {
    const database = yield* Database
    return { get: (id) => database.find(id) }
  })
)
