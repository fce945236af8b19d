/** What the service of every chapter provides, and what it needs: a database. */
import { Context, type Effect, Schema } from "effect"

export const Product = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** When the database read it, in milliseconds. The report computes from this how old the values are that callers get. */
  readAt: Schema.Finite
})

export type Product = typeof Product.Type

export class DatabaseError extends Schema.TaggedError<DatabaseError>()("DatabaseError", { id: Schema.String }) {}

export class Database extends Context.Service<
  Database,
  { readonly find: (id: string) => Effect.Effect<Product, DatabaseError> }
>()("tutorial/Database") {}

/** The errors have a tag, which the report counts. */
export class Products extends Context.Service<
  Products,
  { readonly get: (id: string) => Effect.Effect<Product, { readonly _tag: string }> }
>()("tutorial/Products") {}
