import type { Json } from "effect/Schema"

/**
 * What {@link Storable} returns for a type that is not JSON. The error of the compiler contains the text.
 *
 * @since 0.2.0
 */
export interface NotJson<Why extends string> {
  readonly "not JSON": Why
}

/**
 * Returns the type itself if its values can be stored: JSON or bytes. Otherwise, the type contains a {@link NotJson} at the
 * place of the problem.
 *
 * @since 0.2.0
 */
export type Storable<A> = 0 extends 1 & A
  ? A
  : [A] extends [Json | Uint8Array]
    ? A
    : A extends Uint8Array
      ? A
      : JsonOf<A>

/** The same for a value inside of JSON, where bytes are not allowed. */
type JsonOf<A> = 0 extends 1 & A
  ? A
  : unknown extends A
    ? NotJson<"a value of type unknown may be anything: decode it with a schema first, or use a Collection">
    : A extends string | number | boolean | null
      ? A
      : A extends bigint
        ? NotJson<"a bigint is not JSON: store a string, or write it as a Value for a store with exactIntegers">
        : A extends undefined
          ? NotJson<"undefined is not a value: delete the key, or store null">
          : A extends symbol
            ? NotJson<"a symbol is not JSON">
            : A extends (...args: any) => any
              ? NotJson<"a function is not JSON: leave it out, or store its result">
              : A extends Instance
                ? InstanceProblem<A>
                : A extends ReadonlyArray<any>
                  ? { readonly [K in keyof A]: JsonOf<A[K]> }
                  : { readonly [K in keyof A]: FieldOf<K, A[K]> }

/** JSON leaves out a field that is `undefined`. */
type FieldOf<K, A> = K extends symbol
  ? NotJson<"a field whose name is a symbol is not JSON">
  : undefined extends A
    ? JsonOf<Exclude<A, undefined>> | undefined
    : JsonOf<A>

type Instance =
  | Date
  | RegExp
  | Error
  | URL
  | ArrayBuffer
  | ArrayBufferView
  | Promise<any>
  | ReadonlyMap<any, any>
  | ReadonlySet<any>

type InstanceProblem<A> = A extends Date
  ? NotJson<"a Date is not JSON: store date.toISOString(), or use a Collection with Schema.Date">
  : A extends ReadonlyMap<any, any>
    ? NotJson<"a Map is not JSON: store Object.fromEntries(map), or use a Collection with a schema">
    : A extends ReadonlySet<any>
      ? NotJson<"a Set is not JSON: store Array.from(set), or use a Collection with a schema">
      : A extends ArrayBufferView | ArrayBuffer
        ? NotJson<"bytes inside JSON: store them as the whole value (a Uint8Array), or as text in Base64">
        : NotJson<"an instance of a class is not JSON: store a plain object, or use a Collection with a schema">
