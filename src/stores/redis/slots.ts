/** The slot of a Redis Cluster (0 to 16,383) that a key belongs to: CRC16/XMODEM of its hash tag, if it has one. */
export const slotOf = (key: string): number => crc16(Buffer.from(hashTagOf(key))) % 16_384

const hashTagOf = (key: string): string => {
  const open = key.indexOf("{")
  const close = open < 0 ? -1 : key.indexOf("}", open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : key
}

const crc16 = (bytes: Uint8Array): number => {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) ^ table[(crc >> 8) ^ byte]!) & 0xffff
  return crc
}

const polynomial = 0x1021

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ polynomial : crc << 1
  return crc
})
