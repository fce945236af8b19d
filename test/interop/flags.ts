/** The flags of the command. */
import { Flag } from "effect/cli"

export const flags = {
  vectors: Flag.String("vectors").pipe(
    Flag.withDescription("The vectors file, such as test/vectors/py-key-value.json"),
    Flag.withMetavar("FILE")
  ),
  url: Flag.Redacted("url").pipe(
    Flag.withDescription(
      "A Redis with an empty database, such as redis://localhost:6379/9. It is empty again afterwards"
    )
  ),
  json: Flag.String("json").pipe(
    Flag.withDescription("Write { counts, cases } to this file as well"),
    Flag.withMetavar("FILE"),
    Flag.optional
  ),
  write: Flag.Boolean("write").pipe(
    Flag.withDescription(
      "Write each vector's entry through our stack instead, leave it there for a Python process to read, and print the " +
        "list of { id, collection, key, stack, value_json }. TTLs below a minute become an hour, so that there is time to"
    ),
    Flag.withDefault(false)
  ),
  format: Flag.Literals("format", ["compact", "py-key-value"]).pipe(
    Flag.withDescription("How --write writes JSON (default: compact)"),
    Flag.withDefault("compact")
  )
}
