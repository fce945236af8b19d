/**
 * Tools to test stores, wrappers and what uses them.
 *
 * @since 0.1.0
 */
export * as StoreContract from "./StoreContract.ts"
