import { layers } from "../../tools/order.ts"
import type { Wrapper, WrapperName } from "../model.ts"
import { wrappers } from "./wrappers.ts"

/** The recommended order of the wrappers that the page has, from the store outward. */
export const recommendedOrder: ReadonlyArray<WrapperName> = layers
  .flatMap(({ names }) => names)
  .filter((name): name is WrapperName => name in wrappers)

/** The same wrappers in the recommended order. Wrappers of the same name keep their order. */
export const recommended = (stack: ReadonlyArray<Wrapper>): ReadonlyArray<Wrapper> =>
  [...stack].sort((a, b) => recommendedOrder.indexOf(a.name) - recommendedOrder.indexOf(b.name))
