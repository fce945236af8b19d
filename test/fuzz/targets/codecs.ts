/** The codecs alone: every value that they accept can be written and read again. */
import { Result } from "effect"
import { Entry, ManagedEntry, Value } from "effect-kv"
import * as content from "../../../src/codecs/content.ts"
import * as entryFrame from "../../../src/codecs/entryFrame.ts"
import * as frame from "../../../src/codecs/frame.ts"
import * as time from "../../../src/codecs/time.ts"
import * as text from "../../../src/stores/effectStore/text.ts"
import * as header from "../../../src/stores/fileSystem/header.ts"
import { damaged } from "../mutations.ts"
import { pure } from "../pure.ts"
import { ownValues } from "../stack.ts"
import { Violation } from "../target.ts"

const now = Date.UTC(2026, 10, 25)

const payloads = ownValues.map((value) => Result.getOrThrow(Value.Payload.from(value)))

const entries = payloads.flatMap(
  (payload): Array<Entry.Entry> => [
    { payload, createdAt: now, expiresAt: undefined },
    { payload, createdAt: undefined, expiresAt: now + 0.125 }
  ]
)

const bytesOf = (stored: string | Uint8Array): Uint8Array => (typeof stored === "string" ? Buffer.from(stored) : stored)

const stored = entries.flatMap((entry) =>
  ([{}, { format: "py-key-value" }, { frameNames: false }] as const).map((options) =>
    bytesOf(ManagedEntry.encode("collection", "own", entry, options))
  )
)

/** Writes and reads a value again, which must not change it. */
const again = (found: ManagedEntry.ManagedEntry, options: ManagedEntry.DecodeOptions): unknown => {
  const { payload } = found.entry
  for (const format of ["compact", "py-key-value"] as const) {
    const written = ManagedEntry.encode("collection", "own", found.entry, { format })
    const second = Result.getOrUndefined(ManagedEntry.decode(bytesOf(written), options))?.entry.payload
    if (second === undefined || !isSame(payload, second)) {
      throw new Violation({ kind: "altered value", detail: `written again in the format ${format}` })
    }
  }
  Entry.timeLeft(found.entry, now)
  return payload.copy().value
}

const isSame = (a: Value.Payload, b: Value.Payload): boolean =>
  a.isBytes || b.isBytes
    ? a.isBytes === b.isBytes && Buffer.compare(a.value as Uint8Array, b.value as Uint8Array) === 0
    : a.pythonText === b.pythonText

const read = (options: ManagedEntry.DecodeOptions) => (bytes: Uint8Array) =>
  Result.map(ManagedEntry.decode(bytes, options), (found) => again(found, options))

export const managedEntry = pure("managed entry", 10, (dice) => damaged(dice, stored), {
  decode: read({}),
  exact: read({ exactIntegers: true }),
  anyVersion: read({ anyVersion: true }),
  header: (bytes) => {
    const found = header.parse(bytes.subarray(0, header.size))
    return found === "more" ? header.fromStored(bytes) : found
  },
  text: (bytes) => Result.map(text.decode(Buffer.from(bytes).toString()), (found) => again(found, {}))
})

const contents = payloads.map(content.encode)

const frames = [
  ...payloads.flatMap((payload) => [
    frame.make("fernet", content.encode(payload)),
    frame.make("gzip", new Uint8Array(40))
  ]),
  ...payloads.filter(({ isBytes }) => isBytes)
].map(({ value }) => value as Uint8Array)

const times = [now, now + 0.125, 253_402_300_799_999, -62_135_596_800_000].map((at) => bytesOf(time.format(at)))

export const frameTarget = pure("frames", 3, (dice) => damaged(dice, dice.pick([frames, contents, stored, times])), {
  frame: (bytes) => {
    const opened = frame.open(Value.Payload.bytes(bytes))
    return typeof opened === "string" ? Result.fail(opened) : opened && { ...opened }
  },
  content: (bytes) =>
    Result.map(content.decode(bytes), (payload) => {
      const second = Result.getOrUndefined(content.decode(content.encode(payload)))
      if (second === undefined || !isSame(payload, second))
        throw new Violation({ kind: "altered value", detail: "content" })
      return payload.value
    }),
  entryFrame: (bytes) => Result.map(entryFrame.decodeHead(bytes), (head) => ({ ...head })),
  time: (bytes) => {
    const at = time.parse(Buffer.from(bytes).toString(), { naive: true })
    if (at !== undefined && time.parse(time.format(at)) === undefined) {
      throw new Violation({ kind: "altered value", detail: `the time ${at}` })
    }
    return at
  }
})
