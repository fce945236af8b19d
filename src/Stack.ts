/**
 * Stacks that are known to work: wrappers in the right order, with defaults that suit a purpose.
 *
 * **Details**
 *
 * Each is a transformer of layers like a wrapper, and no more than a `pipe` of wrappers. Take one as it is, or read it
 * as an example and write your own.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import type { Envelope } from "./codecs/envelope.ts"
import type { KeyValue } from "./KeyValue.ts"
import type { StoreSetupError } from "./KeyValueError.ts"
import * as Aead from "./wrappers/Aead.ts"
import * as Compression from "./wrappers/Compression.ts"
import * as FernetEncryption from "./wrappers/FernetEncryption.ts"
import * as LimitSize from "./wrappers/LimitSize.ts"
import * as Logging from "./wrappers/Logging.ts"
import * as PrefixCollections from "./wrappers/PrefixCollections.ts"
import * as Retry from "./wrappers/Retry.ts"
import * as Statistics from "./wrappers/Statistics.ts"
import * as Timeout from "./wrappers/Timeout.ts"
import * as Tracing from "./wrappers/Tracing.ts"

/**
 * A transformer of layers that adds `Statistics`.
 *
 * @since 0.1.0
 */
export type Stack = <A, E, R>(
  store: Layer.Layer<A | KeyValue, E, R>
) => Layer.Layer<A | KeyValue | Statistics.Statistics, E | StoreSetupError, R>

/**
 * What all stacks can be told.
 *
 * @since 0.1.0
 */
export interface Options {
  /** The name of the store in logs, metrics and spans. Default: none. */
  readonly store?: string | undefined
}

/**
 * Options of {@link production}.
 *
 * @since 0.1.0
 */
export type ProductionOptions = Encryption & ProductionPolicies

/**
 * What {@link production} encrypts with: `Aead`, or Fernet, which py-key-value reads.
 *
 * @since 0.1.0
 */
export type Encryption =
  | {
      /** The ring of keys. */
      readonly aead: Aead.Options
      readonly encryption?: undefined
      readonly envelope?: undefined
    }
  | {
      /** The keys to encrypt with, or a passphrase and a salt. */
      readonly encryption: FernetEncryption.Options
      readonly aead?: undefined
      /**
       * How values are stored: `"json"` for those that py-key-value shares, or `"binary"`, in less than half of the
       * bytes. Either is read, whatever is written. Default: `"binary"`.
       */
      readonly envelope?: Envelope | undefined
    }

/**
 * Other options of {@link production}.
 *
 * @since 0.1.0
 */
export interface ProductionPolicies extends Options {
  /** The limit on each attempt. Default: 5 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Default: as `Retry` has it, 3 retries from 100 milliseconds on, within its budget. */
  readonly retry?: Retry.Options | undefined
  /** Default: as `Compression` has it, gzip from 1 KiB on. */
  readonly compression?: Compression.Options | undefined
}

/**
 * Options of {@link multiTenant}.
 *
 * @since 0.1.0
 */
export interface MultiTenantOptions extends Options {
  /** The tenant's name, the prefix of its collections. */
  readonly tenant: string
  /** What a tenant may store. Default: values of up to `"1 MiB"`. */
  readonly limitSize?: LimitSize.Options | undefined
}

/**
 * Sees everything, changes nothing: logs at level `Debug`, spans, metrics and statistics.
 *
 * **Details**
 *
 * store → Logging → Tracing → Statistics
 *
 * @since 0.1.0
 */
export const monitoring =
  (options: Options = {}): Stack =>
  (store) =>
    store.pipe(
      Logging.wrap({ store: options.store, level: "Debug" }),
      Tracing.wrap({ store: options.store }),
      Statistics.wrap({ store: options.store })
    )

/**
 * For a store across a network: every attempt limited, failures retried, values encrypted and compressed, all of it
 * measured.
 *
 * **Details**
 *
 * store → Timeout → Retry → FernetEncryption or Aead → Compression → Tracing → Statistics
 *
 * Encrypted and compressed values are stored as bytes, without base64, unless `envelope: "json"` asks for what
 * py-key-value reads.
 *
 * Retry is inside of the codecs, so that a value is compressed and encrypted once, however many attempts it takes. Put a
 * `Deadline` around the stack for a limit on all attempts together, a `PassthroughCache` for a near copy; `CircuitBreaker`,
 * `Bulkhead` and `RateLimit` may be put around it as well.
 *
 * **Example**
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { Stack } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * declare const key: string
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Stack.production({ store: "sessions", encryption: { keys: [Redacted.make(key)] } })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const production =
  (options: ProductionOptions): Stack =>
  (store) => {
    const { envelope = "binary" } = options
    return store.pipe(
      Timeout.wrap(options.timeout),
      Retry.wrap({ store: options.store, ...options.retry }),
      options.aead === undefined
        ? FernetEncryption.wrap({ ...options.encryption, envelope: options.encryption.envelope ?? envelope })
        : Aead.wrap(options.aead),
      Compression.wrap({ ...options.compression, envelope: options.compression?.envelope ?? envelope }),
      Tracing.wrap({ store: options.store }),
      Statistics.wrap({ store: options.store })
    )
  }

/**
 * For one's own machine: every operation is logged with its values, and nothing hangs for long.
 *
 * **Details**
 *
 * store → Timeout (5 seconds) → Logging (with values and start lines) → Statistics
 *
 * **Gotchas**
 *
 * Values are logged: not for real people's data.
 *
 * @since 0.1.0
 */
export const development =
  (options: Options = {}): Stack =>
  (store) =>
    store.pipe(
      Timeout.wrap(),
      Logging.wrap({ store: options.store, logStart: true, logValues: true }),
      Statistics.wrap({ store: options.store })
    )

/**
 * A tenant's part of a store that it shares: collections of its own, values of limited size, its own statistics.
 *
 * **Details**
 *
 * store → PrefixCollections → LimitSize → Statistics (named after the tenant, unless `store` is given)
 *
 * Apply it once for each tenant to the same layer, which is then built once. The store's own protection (`Timeout`,
 * `Retry`) belongs below.
 *
 * @since 0.1.0
 */
export const multiTenant =
  (options: MultiTenantOptions): Stack =>
  (store) =>
    store.pipe(
      PrefixCollections.wrap(options.tenant),
      LimitSize.wrap(options.limitSize ?? { maxSize: "1 MiB" }),
      Statistics.wrap({ store: options.store ?? options.tenant })
    )
