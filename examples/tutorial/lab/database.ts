/** A database that is slow, fails now and then, and runs a limited number of queries at a time. */
import { Clock, Context, Effect, Layer, Random, Semaphore } from "effect"
import { Database, DatabaseError } from "../service.ts"
import { isWithin, type Scenario } from "./scenario.ts"

/** When each query began, in milliseconds since the start. */
export class Queries extends Context.Service<Queries, Array<number>>()("tutorial/Queries") {}

/** Delays and failures are drawn from the seed of the scenario, in the order of the queries. */
export const simulated = (scenario: Scenario, start: Effect.Effect<number>): Layer.Layer<Database | Queries> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const queries: Array<number> = []
      const random = yield* Random.withSeed(Effect.flatMap(Random.Random, Effect.succeed), `${scenario.seed}/database`)
      const connections = yield* Semaphore.make(scenario.connections)

      const query = Effect.fnUntraced(
        function* (id: string) {
          const at = (yield* Clock.currentTimeMillis) - (yield* start)
          queries.push(at)
          const second = at / 1000
          if (isWithin(scenario.down, second)) {
            yield* Effect.sleep(scenario.query / 2)
            return yield* new DatabaseError({ id })
          }
          const factor = isWithin(scenario.slow, second) ? 10 : 1
          yield* Effect.sleep(scenario.query * factor * (0.5 + (yield* Random.next)))
          if ((yield* Random.next) < scenario.failing) return yield* new DatabaseError({ id })
          return { id, name: `product ${id}`, readAt: yield* Clock.currentTimeMillis }
        },
        Effect.provideService(Random.Random, random)
      )

      return Context.make(Database, { find: (id) => connections.withPermits(1)(query(id)) }).pipe(
        Context.add(Queries, queries)
      )
    })
  )
