/**
 * Which request an operation works for, on hosts that end what a request began together with it (Cloudflare Workers).
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as internal from "./concurrency/request.ts"

/**
 * A request that is known, such as the `ExecutionContext` (`ctx`) of a Worker.
 *
 * @since 0.2.0
 */
export interface Request extends internal.Request {}

/**
 * The request that a fiber works for: a {@link Request}, `"shared"` or `"unknown"`.
 *
 * **Details**
 *
 * - `"shared"`: loads, turns and work in the background are shared by all requests.
 * - `"unknown"`: each operation counts as a request of its own. No load is shared, and nothing runs in the background.
 * - A {@link Request}: loads are shared within it, and it is kept alive for what runs in the background.
 *
 * Default: `"unknown"` in bundles for Cloudflare Workers (the condition `workerd`), `"shared"` everywhere else.
 *
 * **Gotchas**
 *
 * `"shared"` in a Worker is right only where all requests may use each other's I/O: in a Durable Object, and for a layer
 * that is built in each request.
 *
 * @since 0.2.0
 */
export const Current = internal.CurrentRequest

/**
 * Says which request an effect works for.
 *
 * **When to use**
 *
 * Use it in a Worker whose layer is kept between requests, so that the operations of one request share their loads, and
 * `PassthroughCache` can refresh in the background by `waitUntil`.
 *
 * **Example** (A Worker)
 *
 * ```ts
 * import { ManagedRuntime } from "effect"
 * import { KeyValue, Memory, Requests } from "effect-kv"
 *
 * const runtime = ManagedRuntime.make(Memory.layer())
 *
 * export default {
 *   fetch: (_request: Request, _env: unknown, ctx: Requests.Request): Promise<Response> =>
 *     runtime
 *       .runPromise(KeyValue.KeyValue.use((kv) => kv.get("greeting")).pipe(Requests.within(ctx)))
 *       .then((value) => Response.json(value ?? null))
 * }
 * ```
 *
 * @since 0.2.0
 */
export const within: {
  (request: Request): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(effect: Effect.Effect<A, E, R>, request: Request): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(effect: Effect.Effect<A, E, R>, request: Request): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, internal.CurrentRequest, request)
)
