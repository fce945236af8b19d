/** The slots of a cluster, each of which one master has. */
export const slotCount = 16_384

/** The slot of a key, by its name in the server. */
export const slotOf = (name: string): number => {
  const open = name.indexOf("{")
  const close = open === -1 ? -1 : name.indexOf("}", open + 1)
  return crc16(Buffer.from(close > open + 1 ? name.slice(open + 1, close) : name)) % slotCount
}

/** CRC-16/XMODEM. */
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

/** The slots that a node says another node, or itself, has. */
export interface Claim {
  readonly id: string
  /** Of two nodes that claim a slot, the one with the greater epoch has it. */
  readonly epoch: number
  readonly ranges: ReadonlyArray<readonly [from: number, to: number]>
}

/** The reply of a node about itself and the others. */
export interface View {
  readonly id: string
  readonly claims: ReadonlyArray<Claim>
  /** The slots that it is handing over, each with the id of its target. */
  readonly leaving: ReadonlyMap<number, string>
}

/** Reads the reply of `CLUSTER NODES`. */
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

/** The id of the owner of each slot by the views of several nodes, or `""` for none. */
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
