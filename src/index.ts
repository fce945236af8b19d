/**
 * A resilient key-value data layer for Effect: stores, and wrappers that add one behaviour each.
 *
 * @since 0.1.0
 */
export * as Atomic from "./Atomic.ts"
export * as Driver from "./Driver.ts"
export * as Entry from "./Entry.ts"
export * as Enumeration from "./Enumeration.ts"
export * as KeyValue from "./KeyValue.ts"
export * as KeyValueError from "./KeyValueError.ts"
export * as Maintenance from "./Maintenance.ts"
export * as Memory from "./stores/Memory.ts"
export * as Value from "./Value.ts"
export * as Retry from "./wrappers/Retry.ts"
export * as Timeout from "./wrappers/Timeout.ts"
