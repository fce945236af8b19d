/**
 * Options are described once. The description checks them, fills in the defaults, and provides the data of a reference table.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { StoreSetupError } from "../KeyValueError.ts"
import type { Row } from "./options/Description.ts"
import { type Descriptions, type Read, readAll, rowsOf, type Unknown, type Untyped } from "./options/records.ts"

export * from "./options/ahead.ts"
export * from "./options/combinators.ts"
export { type Description, type Row, required } from "./options/Description.ts"
export * from "./options/kinds.ts"
export type { Read } from "./options/records.ts"

/** Fails the layer that is being built. */
export const invalid = (module: string, reason: string): Effect.Effect<never, StoreSetupError> =>
  Effect.fail(new StoreSetupError({ module, reason }))

export const check = (module: string, valid: boolean, reason: string): Effect.Effect<void, StoreSetupError> =>
  valid ? Effect.void : invalid(module, reason)

/** The described options of a module. */
export interface Options<in O, out Out> {
  readonly module: string
  readonly rows: ReadonlyArray<Row>
  /** Reads every option once. Values in `given` replace those in `config`. Fails for the first option that is not allowed. */
  readonly read: (config: Partial<O>, given?: Partial<O>) => Effect.Effect<Out, StoreSetupError>
}

/** The values of described options. */
export type Values<O> = O extends Options<never, infer Out> ? Out : never

/** Describes the options of a module. Compiles only if each option of the type `O` is described. */
export const of =
  <O>() =>
  <const D extends Descriptions<O>>(
    module: string,
    descriptions: D & Unknown<O, D>,
    /** Returns why options that are allowed on their own cannot be combined, or `undefined` if they can. */
    problemOf: (values: Read<NoInfer<D>>) => string | undefined = () => undefined
  ): Options<O, Read<D>> => ({
    module,
    rows: rowsOf(descriptions as Untyped, ""),
    read: (config, given = {}) =>
      Effect.suspend(() => {
        const values = readAll<Read<D>>(descriptions as Untyped, config, "", given)
        if (Result.isFailure(values)) return invalid(module, values.failure)
        const problem = problemOf(values.success)
        return problem === undefined ? Effect.succeed(values.success) : invalid(module, problem)
      })
  })
