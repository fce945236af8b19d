/**
 * Tracing: one span per operation, for the tracer of your program. (../opentelemetry.ts exports spans.)
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Tracer } from "effect"
import { KeyValue, Memory, Retry, Timeout, Tracing } from "effect-kv"
import { slow } from "../support/slow.ts"

const Store = Memory.layer().pipe(
  slow({ calls: 1, by: "1 minute" }),
  Timeout.wrap("20 millis"),
  Tracing.wrap({ store: "attempt" }), // inside Retry: one span per attempt
  Retry.wrap({ initialDelay: "1 millis" }),
  Tracing.wrap({ store: "users" }) // outside Retry: one span per operation
)

const program = KeyValue.KeyValue.use((kv) => kv.get("alice", { collection: "users" })).pipe(Effect.withSpan("request"))

const main = Effect.gen(function* () {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  yield* program.pipe(Effect.provide(Store), Effect.withTracer(tracer))
  for (const span of spans) yield* Console.log(span.name, Object.fromEntries(span.attributes))
})

main.pipe(NodeRuntime.runMain)

// Prints:
// request {}
// get users {
//   'db.system.name': 'memory',
//   'db.operation.name': 'get',
//   'db.collection.name': 'users',
//   'db.namespace': 'users'
// }
// get users {
//   'db.system.name': 'memory',
//   'db.operation.name': 'get',
//   'db.collection.name': 'users',
//   'db.namespace': 'attempt',
//   'error.type': 'TimeoutError'
// }
// get users {
//   'db.system.name': 'memory',
//   'db.operation.name': 'get',
//   'db.collection.name': 'users',
//   'db.namespace': 'attempt'
// }
