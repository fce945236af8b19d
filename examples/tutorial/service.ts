/** What every chapter provides, and what it needs. */
import { Context, type Effect, Schema } from "effect"

export const Product = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** When the database read it, in milliseconds. */
  readAt: Schema.Finite
})

export type Product = typeof Product.Type

export class DatabaseError extends Schema.TaggedError<DatabaseError>()("DatabaseError", {
  id: Schema.String
}) {}

interface Find {
  readonly find: (id: string) => Effect.Effect<Product, DatabaseError>
}

export class Database extends Context.Service<Database, Find>()("tutorial/Database") {}

/** The lab counts errors by their tag. */
interface Get {
  readonly get: (id: string) => Effect.Effect<Product, { readonly _tag: string }>
}

export class Products extends Context.Service<Products, Get>()("tutorial/Products") {}
