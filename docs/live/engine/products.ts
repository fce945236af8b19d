import { hashed } from "./random.ts"

const words =
  "a all and any are at battery be black blue brushed bottle box build built by cable can care charge charges clean clear color comes contains cotton cover daily delivery design durable each easy edition every fabric fast fits for free from full glass green guarantee hand has heavy home in includes indoor inside instructions is it keep kitchen large leather life light long machine made makes material metal months more natural new no not of office on one only or organic outdoor pack paper parts per perfect plastic pocket power product protects quality ready recycled red returns safe set simple size small soft solid stainless stays steel storage strong sturdy suitable super table that the this three through to travel two uses washable water waterproof weather weight white wide with without wood wool work world years you your".split(
    " "
  )

const materials = ["cotton", "steel", "glass", "leather", "recycled plastic", "oak"]
const colors = ["black", "white", "blue", "green", "red", "sand"]

/** A product of a shop. */
export interface Product {
  readonly sku: string
  /** Tells which write has made the value. 0 is in the store from the start. */
  readonly version: number
  readonly name: string
  readonly description: string
  readonly price: { readonly amount: number; readonly currency: string; readonly taxIncluded: boolean }
  readonly stock: number
  readonly attributes: { readonly material: string; readonly color: string; readonly grams: number }
  readonly tags: ReadonlyArray<string>
  readonly reviews: { readonly count: number; readonly stars: number }
}

/** Texts are made once for each key and kept, because making one takes longer than all else that a request does. */
const texts = new Map<number, string>()

const textOf = (key: number): string => {
  const known = texts.get(key)
  if (known !== undefined) return known
  const length = 800 + Math.floor(2700 * hashed(0, key, 0, 11))
  let text = ""
  for (let i = 0; text.length < length; i++) {
    // The square makes the first words of the list more frequent, as some words are in any text.
    const word = words[Math.floor(words.length * hashed(0, key, i, 12) ** 2)]!
    text += i % 11 === 10 ? `${word}. ` : `${word} `
  }
  texts.set(key, text)
  return text
}

/** Makes the value of a key: 1 to 4 KB of JSON. */
export const product = (key: number, version: number): Product => {
  const text = textOf(key)
  return {
    sku: `SKU-${100_000 + key}`,
    version,
    name: text.slice(0, 40),
    description: text,
    price: { amount: 199 + ((key * 7919 + version * 104_729) % 50_000), currency: "EUR", taxIncluded: true },
    stock: (key * 31 + version * 17) % 400,
    attributes: { material: materials[key % 6]!, color: colors[(key + version) % 6]!, grams: 50 + ((key * 13) % 4000) },
    tags: [colors[key % 6]!, materials[(key + 1) % 6]!, "in stock", "ships today"],
    reviews: { count: (key * 3 + version) % 900, stars: 3 + ((key + version) % 20) / 10 }
  }
}
