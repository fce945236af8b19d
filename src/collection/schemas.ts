import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type { Value } from "../Value.ts"

/** Decodes a stored value with a schema. */
export type ValueReader = (value: Value) => Effect.Effect<unknown, Schema.SchemaError, unknown>

/** Encodes a value for the store. */
export type ValueWriter = (value: unknown) => Effect.Effect<Value, Schema.SchemaError, unknown>

/** Whether the encoded side of a schema is a `Uint8Array`, so that values can be stored as bytes. */
const isBytes = (schema: Schema.Constraint): boolean => {
  const encoded = SchemaAST.toEncoded(schema.ast)
  const representation = encoded._tag === "Declaration" ? encoded.annotations?.representation : undefined
  return (representation as { readonly id?: unknown } | undefined)?.id === "effect/schema/Uint8Array"
}

/** The ways to read what was written with a schema. The first is how values are written now. */
export const readersOf = (schema: Schema.Constraint): readonly [ValueReader, ...Array<ValueReader>] => {
  const json = Schema.decodeUnknownEffect(Schema.toCodecJson(schema))
  return isBytes(schema) ? [Schema.decodeUnknownEffect(schema), json] : [json]
}

/** How values of a schema are written. */
export const writerOf = (schema: Schema.Constraint): ValueWriter =>
  Schema.encodeEffect(isBytes(schema) ? schema : Schema.toCodecJson(schema)) as ValueWriter
