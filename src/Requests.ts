/**
 * Says which request an operation belongs to, for hosts that stop the work of a request when it ends (Cloudflare Workers).
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as internal from "./concurrency/request.ts"

/**
 * A known request, such as the `ExecutionContext` (`ctx`) of a Worker.
 *
 * @since 0.2.0
 */
export interface Request extends internal.Request {}

/**
 * The request that a fiber belongs to: a {@link Request}, `"shared"` or `"unknown"`.
 *
 * **Details**
 *
 * - `"shared"`: all requests share loads, turns and background work.
 * - `"unknown"`: each operation counts as a separate request. No loads are shared, and nothing runs in the background.
 * - A {@link Request}: loads are shared within the request. Background work keeps the request alive.
 *
 * Default: `"unknown"` in bundles for Cloudflare Workers (the condition `workerd`), `"shared"` everywhere else.
 *
 * **Gotchas**
 *
 * In a Worker, use `"shared"` only if requests may use each other's I/O: in a Durable Object, or with a layer that each
 * request builds for itself.
 *
 * @since 0.2.0
 */
export const Current = internal.CurrentRequest

/**
 * Sets the request that an effect belongs to.
 *
 * **When to use**
 *
 * Use it in a Worker that keeps its layer between requests. The operations of one request then share loads, and
 * `PassthroughCache` can refresh in the background with `waitUntil`.
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
