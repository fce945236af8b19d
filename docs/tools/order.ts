/**
 * The recommended order of wrappers, from the store outward. The diagrams, the table in concepts/wrappers-and-order.md and
 * their tests are made from this list. It has no imports, because the site uses it in the browser, too.
 */

/** A wrapper, or several that share a place because at most one of them, or any order of them, makes sense. */
export interface Layer {
  /** Names of the modules in `src/wrappers/`. */
  readonly names: ReadonlyArray<string>
  /** What the layer adds, in a few words. */
  readonly adds: string
  /** Why it is outside the layer before it. */
  readonly why: string
}

export interface Group {
  readonly title: string
  /** From the store outward. */
  readonly layers: ReadonlyArray<Layer>
}

export const order: ReadonlyArray<Group> = [
  {
    title: "Attempts",
    layers: [
      {
        names: ["Timeout"],
        adds: "ends slow attempts",
        why: "It limits each attempt, so it is directly around the store. Each store of a `Fallback` or `Replicate` has its own."
      },
      {
        names: ["Hedge"],
        adds: "repeats slow reads",
        why: "The second attempt gets a `Timeout` of its own, instead of what the first one left."
      },
      {
        names: ["Retry"],
        adds: "repeats failed attempts",
        why: "A timeout is a failed attempt, and is repeated. A `Hedge` outside would take the pauses of `Retry` for slow reads."
      }
    ]
  },
  {
    title: "Limits",
    layers: [
      {
        names: ["CircuitBreaker"],
        adds: "fails fast in outages",
        why: "It sees the final result of each call. Inside `Retry`, retries would wait until the circuit closes."
      },
      {
        names: ["Fallback", "Replicate"],
        adds: "uses several stores",
        why: "Each store has its own attempts and its own circuit. While a circuit is open, the next store takes over at once."
      },
      {
        names: ["Bulkhead"],
        adds: "limits concurrent calls",
        why: "A call that an open circuit rejects gives its place back at once. All attempts of a call share one place."
      },
      {
        names: ["RateLimit"],
        adds: "limits calls per second",
        why: "A call that waits for the rate limit holds no place in the `Bulkhead`."
      },
      {
        names: ["Deadline"],
        adds: "one budget per call",
        why: "The budget includes all attempts, pauses and queues."
      }
    ]
  },
  {
    title: "Values",
    layers: [
      {
        names: ["Aead", "FernetEncryption"],
        adds: "encrypts values",
        why: "A value is encrypted once, not again for each attempt."
      },
      {
        names: ["Compression"],
        adds: "stores fewer bytes",
        why: "Encrypted bytes do not compress, so values are compressed before they are encrypted."
      },
      {
        names: ["LimitSize", "TtlClamp"],
        adds: "limits sizes and TTLs",
        why: "They limit what the application writes, before it is compressed. `Aead` must see the final TTL."
      }
    ]
  },
  {
    title: "Names",
    layers: [
      {
        names: ["PrefixKeys", "PrefixCollections", "SingleCollection"],
        adds: "keeps names apart",
        why: "`Aead` binds a value to the name with its prefix, so a value cannot be moved from one tenant to another."
      },
      {
        names: ["HmacNames"],
        adds: "hides names",
        why: "`Maintenance` cannot find a prefix in a hidden name, so prefixes are added to the hidden name."
      }
    ]
  },
  {
    title: "Reads",
    layers: [
      {
        names: ["PassthroughCache"],
        adds: "answers repeated reads",
        why: "A hit skips everything inside: no decryption, no queue, no attempt."
      },
      {
        names: ["Routing", "CollectionRouting"],
        adds: "a store per collection",
        why: "It selects by the application's names, and each store keeps its own stack."
      },
      {
        names: ["DefaultValue"],
        adds: "fills in missing values",
        why: "The default is neither decrypted nor cached."
      },
      {
        names: ["ReadOnly"],
        adds: "rejects writes",
        why: "A rejected write costs nothing inside."
      }
    ]
  },
  {
    title: "Observation",
    layers: [
      {
        names: ["Logging", "Tracing", "Statistics"],
        adds: "lines, spans, metrics",
        why: "They see what the application sees: cache hits, rejections, and the time that callers wait."
      }
    ]
  }
]

/** All layers, from the store outward. */
export const layers: ReadonlyArray<Layer> = order.flatMap(({ layers }) => layers)

/** The page of a wrapper. */
export const pageOf = (name: string): string => `/reference/wrappers/${name}`
