/** The endpoints. */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder, HttpApiError } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { Health, type KeyValueError } from "effect-kv"
import { Api, Authentication, CurrentSession, cookie } from "./api.ts"
import { begin, end, endAll, find, type Generations, generationOf, type Sessions } from "./sessions.ts"

/** The users of the application. */
export class Users extends Context.Service<
  Users,
  { readonly verify: (user: string, password: Redacted.Redacted<string>) => Effect.Effect<boolean> }
>()("sessions/Users") {}

/**
 * An outage is 503, never 401: the user is still signed in, and tries again. Any other error is a mistake in the program or in
 * its configuration, so it is a defect, which is 500.
 */
const unavailable = <A, E extends KeyValueError.KeyValueError, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catch(
    effect,
    (error): Effect.Effect<never, HttpApiError.ServiceUnavailable> =>
      error.retryable ? Effect.fail(new HttpApiError.ServiceUnavailable({})) : Effect.die(error)
  )

const setCookie = (id: string) => HttpApiBuilder.securitySetCookie(cookie, id, { path: "/", sameSite: "lax" })

const removeCookie = HttpApiBuilder.securitySetCookie(cookie, "", { path: "/", sameSite: "lax", maxAge: 0 })

const AuthenticationLive = Layer.effect(
  Authentication,
  Effect.gen(function* () {
    const services = yield* Effect.context<Sessions | Generations>()
    return {
      cookie: (endpoint, { credential }) =>
        Effect.gen(function* () {
          const id = Redacted.value(credential)
          const session = yield* find(id).pipe(unavailable, Effect.provide(services))
          if (Option.isNone(session)) return yield* new HttpApiError.Unauthorized({})
          return yield* Effect.provideService(endpoint, CurrentSession, { id, ...session.value })
        })
    }
  })
)

const Account = HttpApiBuilder.group(
  Api,
  "account",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* Users
    return handlers
      .handle(
        "signIn",
        Effect.fnUntraced(function* ({ payload: { user, password } }) {
          // Read first: signing out everywhere also ends a session that begins while the password is checked.
          const generation = yield* unavailable(generationOf(user))
          if (!(yield* users.verify(user, password))) return yield* new HttpApiError.Unauthorized({})
          // A session that the browser already has gets no new rights: it ends, and a new one begins.
          yield* unavailable(end(Redacted.value(yield* HttpApiBuilder.securityDecode(cookie))))
          yield* setCookie(yield* unavailable(begin(user, generation)))
        })
      )
      .handle("me", () => Effect.map(CurrentSession, ({ user }) => ({ user })))
      .handle("signOut", () =>
        Effect.andThen(
          CurrentSession.use(({ id }) => unavailable(end(id))),
          removeCookie
        )
      )
      .handle("signOutEverywhere", () =>
        Effect.andThen(
          CurrentSession.use(({ user }) => unavailable(endAll(user))),
          removeCookie
        )
      )
  })
)

const Operations = HttpApiBuilder.group(
  Api,
  "operations",
  Effect.fnUntraced(function* (handlers) {
    const health = yield* Health.Health
    return handlers.handle("ready", () =>
      Effect.flatMap(health.check({ timeout: "500 millis" }), ({ status }) =>
        status === "down" ? Effect.fail(new HttpApiError.ServiceUnavailable({})) : Effect.succeed({ status })
      )
    )
  })
)

/** All endpoints, and `/metrics` for Prometheus. Needs an `HttpServer`, the users, and the store of the sessions. */
export const Server = HttpRouter.serve(
  Layer.mergeAll(
    HttpApiBuilder.layer(Api).pipe(Layer.provide([Account, Operations]), Layer.provide(AuthenticationLive)),
    PrometheusMetrics.layerHttp()
  ),
  { disableLogger: true, disableListenLog: true }
)
