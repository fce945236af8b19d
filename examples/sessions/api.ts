/** What the service offers over HTTP: the endpoints, their cookie and their errors. */
import { Context, Schema } from "effect"
import {
  HttpApi,
  HttpApiEndpoint,
  HttpApiError,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSecurity
} from "effect/http-api"
import type { Session } from "./sessions.ts"

/** Browsers accept a cookie with this prefix only if it is secure, has the path `/` and belongs to this host alone. */
export const cookie = HttpApiSecurity.apiKey({ in: "cookie", key: "__Host-session" })

/** The session of the request. */
export class CurrentSession extends Context.Service<CurrentSession, Session & { readonly id: string }>()(
  "sessions/CurrentSession"
) {}

/** Endpoints with this middleware need a session. */
export class Authentication extends HttpApiMiddleware.Service<Authentication, { provides: CurrentSession }>()(
  "sessions/Authentication",
  { security: { cookie }, error: [HttpApiError.Unauthorized, HttpApiError.ServiceUnavailable] }
) {}

const Credentials = Schema.Struct({ user: Schema.NonEmptyString, password: Schema.Redacted(Schema.String) })

const Account = HttpApiGroup.make("account").add(
  HttpApiEndpoint.post("signIn", "/sign-in", {
    payload: Credentials,
    error: [HttpApiError.Unauthorized, HttpApiError.ServiceUnavailable]
  }),
  HttpApiEndpoint.get("me", "/me", { success: Schema.Struct({ user: Schema.String }) }).middleware(Authentication),
  HttpApiEndpoint.post("signOut", "/sign-out", { error: HttpApiError.ServiceUnavailable }).middleware(Authentication),
  HttpApiEndpoint.post("signOutEverywhere", "/sign-out-everywhere", {
    error: HttpApiError.ServiceUnavailable
  }).middleware(Authentication)
)

const Operations = HttpApiGroup.make("operations").add(
  HttpApiEndpoint.get("ready", "/ready", {
    success: Schema.Struct({ status: Schema.Literals(["up", "degraded"]) }),
    error: HttpApiError.ServiceUnavailable
  })
)

export const Api = HttpApi.make("sessions").add(Account, Operations)
