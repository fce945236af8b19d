/**
 * Tools to test stores, wrappers, and the programs that use them.
 *
 * @since 0.1.0
 */
export * as Chaos from "./Chaos.ts"
export * as Simulation from "./Simulation.ts"
export * as StoreContract from "./StoreContract.ts"
