import { lazy } from "./lazy.ts"

interface Modules {
  readonly "node:crypto": typeof import("node:crypto")
  readonly "node:zlib": typeof import("node:zlib")
}

/**
 * Loads a module of Node when it is first needed. These two modules take as long to load as all of effect-kv, and most
 * programs do not use them.
 */
export const builtin = <Id extends keyof Modules>(id: Id): (() => Modules[Id]) =>
  lazy(() => process.getBuiltinModule(id) as Modules[Id])
