/** The command-line options of the demo. */
import { Schema } from "effect"
import { Flag } from "effect/cli"

const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const flags = {
  url: Flag.Redacted("url").pipe(
    Flag.withDescription("Store the documents in a Redis, such as redis://localhost:6379, instead of a SQLite file"),
    Flag.optional
  ),
  file: Flag.String("file").pipe(
    Flag.withDescription("The SQLite file, which is kept (default: a temporary file)"),
    Flag.optional
  ),
  keep: Flag.Boolean("keep").pipe(
    Flag.withDescription("Keep the stored documents, and print their location and encryption key"),
    Flag.withDefault(false)
  ),
  packages: Flag.String("packages").pipe(
    Flag.withDescription("The directory of the packages (default: node_modules)"),
    Flag.withDefault("node_modules")
  ),
  limit: Flag.Int("limit").pipe(
    Flag.withSchema(Positive),
    Flag.withDescription("How many packages to read (default: all)"),
    Flag.optional
  ),
  rounds: Flag.Int("rounds").pipe(
    Flag.withSchema(Positive),
    Flag.withDescription("How many times to read everything back (default: 4)"),
    Flag.withDefault(4)
  ),
  faultRate: Flag.Finite("fault-rate").pipe(
    Flag.withSchema(Share),
    Flag.withDescription("The share of calls to the store that fail, from 0 to 1 (default: 0.1)"),
    Flag.withDefault(0.1)
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription('The random seed for faults and for the order of reads (default: "effect-kv")'),
    Flag.withDefault("effect-kv")
  )
}
