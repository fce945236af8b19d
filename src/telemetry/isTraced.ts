import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** Whether a fiber has a tracer. Effect's native tracer does not count, because nothing exports its spans. */
export const isTraced = ({ cache }: Fiber.Fiber<unknown, unknown>): boolean =>
  cache.tracerEnabled && cache.tracer !== undefined && cache.tracer !== Tracer.nativeTracer
