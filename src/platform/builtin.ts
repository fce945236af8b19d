import { lazy } from "./lazy.ts"

interface Modules {
  readonly "node:crypto": typeof import("node:crypto")
  readonly "node:zlib": typeof import("node:zlib")
}

/**
 * A module of Node's that is loaded when it is first needed: these take as long to load as all of this library, and most
 * programs use neither.
 */
export const builtin = <Id extends keyof Modules>(id: Id): (() => Modules[Id]) =>
  lazy(() => process.getBuiltinModule(id) as Modules[Id])
