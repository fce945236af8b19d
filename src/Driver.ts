/**
 * What stores and wrappers are made of.
 *
 * **Details**
 *
 * A {@link Driver} is a small record of functions from calls to effects. A store is a driver offered as a layer
 * ({@link layer}); a wrapper is a function from driver to driver offered as a transformer of layers ({@link wrapper}).
 * Four combinators make every wrapper: {@link around} changes how operations run, {@link mapNames} renames,
 * {@link mapEntries} changes entries on the way in and out, {@link combine} makes one driver of several.
 *
 * `docs/custom-wrappers.md` shows one of each kind.
 *
 * @since 0.1.0
 */
export * from "./driver/around.ts"
export * from "./driver/Call.ts"
export * from "./driver/combine.ts"
export * from "./driver/Driver.ts"
export type { Extent } from "./driver/extents.ts"
export * from "./driver/inTime.ts"
export * from "./driver/layers.ts"
export * from "./driver/mapEntries.ts"
export * from "./driver/mapNames.ts"
export * from "./driver/waits.ts"
export { monotonicMillis } from "./internal/clock.ts"
