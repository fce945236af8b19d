/**
 * Health: endpoints for readiness and liveness, and the log lines of an outage.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Logger, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { CircuitBreaker, Health, KeyValue, Memory } from "effect-kv"
import { outage } from "./support/outage.ts"

/** An instance that is degraded still answers requests. */
const Ready = Schema.Struct({ status: Schema.Literals(["up", "degraded"]) })

const NotReady = Schema.Struct({ status: Schema.Literal("down") }).pipe(HttpApiSchema.status(503))

const Api = HttpApi.make("api").add(
  HttpApiGroup.make("health").add(
    HttpApiEndpoint.get("ready", "/ready", { success: Ready, error: NotReady }),
    HttpApiEndpoint.get("live", "/live")
  )
)

const Endpoints = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* Health.Health
    return (
      handlers
        .handle("ready", () =>
          Effect.flatMap(health.check({ timeout: "500 millis" }), ({ status }) =>
            status === "down" ? Effect.fail({ status }) : Effect.succeed({ status })
          )
        )
        // An instance is not restarted because of an outage of its store.
        .handle("live", () => Effect.void)
    )
  })
)

const { state, wrap } = outage()

const Store = Memory.layer().pipe(
  wrap,
  CircuitBreaker.wrap({ store: "users", trip: { consecutive: 3 }, openFor: "100 millis" })
)

const lines = Logger.make(({ logLevel, message }) => console.log(`${logLevel}: ${[message].flat().join(" ")}`))

const program = Effect.gen(function* () {
  const services = yield* Layer.build(Store)
  const { handler } = HttpRouter.toWebHandler(
    HttpApiBuilder.layer(Api).pipe(
      Layer.provide(Endpoints),
      Layer.provide(Layer.succeedContext(services)),
      Layer.provide(HttpServer.layerServices)
    ),
    { disableLogger: true }
  )
  const request = (path: string) =>
    Effect.flatMap(
      Effect.promise(() => handler(new Request(`http://localhost${path}`))),
      (response) => Console.log(`${path}: ${response.status}`)
    )
  const read = Effect.ignore(KeyValue.KeyValue.use((kv) => kv.get("alice"))).pipe(Effect.provide(services))

  yield* request("/ready")
  state.isOn = true
  yield* read
  yield* read
  yield* read // the third failure opens the circuit
  yield* request("/ready")
  yield* request("/live")
  state.isOn = false
  yield* Effect.sleep("150 millis")
  yield* request("/ready") // the check is the probe that closes the circuit
})

program.pipe(Effect.scoped, Effect.provide(Logger.layer([lines])), NodeRuntime.runMain)

// Prints:
// /ready: 200
// Error: CircuitBreaker "users" is down. The circuit has opened. All calls are rejected for 100 ms.
// /ready: 503
// /live: 204
// Warn: CircuitBreaker "users" is degraded. The circuit is probing. Some calls are let through, and all others are rejected.
// Info: CircuitBreaker "users" is up again after … ms. The circuit is closed.
// /ready: 200
