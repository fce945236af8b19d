/** What the processes of chapters 5 and 6 ask the lab for: rows of the database, and when to start. They report to it at the end. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { DatabaseError, Product } from "../service.ts"

const Answer = Schema.Struct({
  at: Schema.Finite,
  took: Schema.Finite,
  error: Schema.optionalKey(Schema.String),
  age: Schema.optionalKey(Schema.Finite)
})

/** What a process has seen. */
export const Report = Schema.Struct({ answers: Schema.Array(Answer), redisCalls: Schema.Finite })

export const Api = HttpApi.make("lab")
  .add(
    HttpApiGroup.make("database").add(
      HttpApiEndpoint.get("find", "/products/:id", {
        params: { id: Schema.String },
        success: Product,
        error: DatabaseError.pipe(HttpApiSchema.status(503))
      })
    )
  )
  .add(
    HttpApiGroup.make("run").add(
      // Returns when all processes are ready.
      HttpApiEndpoint.get("start", "/start", { success: Schema.Finite }),
      HttpApiEndpoint.post("report", "/report", { payload: Report })
    )
  )
