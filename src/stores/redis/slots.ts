/** The number of slots of a cluster. Each slot belongs to one master. */
export const slotCount = 16_384

/** Returns the slot of a Redis key. */
export const slotOf = (name: string): number => {
  const open = name.indexOf("{")
  const close = open === -1 ? -1 : name.indexOf("}", open + 1)
  return crc16(Buffer.from(close > open + 1 ? name.slice(open + 1, close) : name)) % slotCount
}

/** Computes CRC-16/XMODEM. */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ table[(crc >> 8) ^ byte]!
  return crc
}

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)
  return crc & 0xffff
})

/** The slots of a node, according to this node or another one. */
export interface Claim {
  readonly id: string
  /** If two nodes claim a slot, it belongs to the one with the greater epoch. */
  readonly epoch: number
  readonly ranges: ReadonlyArray<readonly [from: number, to: number]>
}

/** The reply of a node about itself and the other nodes. */
export interface View {
  readonly id: string
  readonly claims: ReadonlyArray<Claim>
  /** The slots that are being moved away from this node, each with the id of its target. */
  readonly leaving: ReadonlyMap<number, string>
}

/** Parses the reply of `CLUSTER NODES`. */
export const viewOf = (reply: string): View => {
  let id = ""
  const claims: Array<Claim> = []
  const leaving = new Map<number, string>()
  for (const line of reply.split("\n")) {
    const [name = "", , flags = "", , , , epoch, , ...slots] = line.trim().split(" ")
    if (flags.split(",").includes("myself")) id = name
    const ranges: Array<readonly [number, number]> = []
    for (const text of slots) {
      const [, slot, target] = /^\[(\d+)->-(\w+)\]$/.exec(text) ?? []
      if (target !== undefined) leaving.set(Number(slot), target)
      if (text.startsWith("[")) continue
      const [from, to = from] = text.split("-").map(Number)
      ranges.push([from!, to!])
    }
    if (ranges.length > 0) claims.push({ id: name, epoch: Number(epoch), ranges })
  }
  return { id, claims, leaving }
}

/** Returns the id of the owner of each slot according to the views of several nodes, or `""` if there is none. */
export const ownersOf = (views: Iterable<View>): ReadonlyArray<string> => {
  const owners = Array<string>(slotCount).fill("")
  const epochs = Array<number>(slotCount).fill(-1)
  for (const { claims } of views) {
    for (const { id, epoch, ranges } of claims) {
      for (const [from, to] of ranges) {
        for (let slot = from; slot <= to; slot++) {
          if (epoch <= epochs[slot]!) continue
          epochs[slot] = epoch
          owners[slot] = id
        }
      }
    }
  }
  return owners
}
