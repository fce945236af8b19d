/** The value below which a fraction of the numbers is, or `undefined` if there are none. Sorts the numbers. */
export const percentile = (numbers: Array<number>, fraction: number): number | undefined => {
  if (numbers.length === 0) return undefined
  numbers.sort((a, b) => a - b)
  return numbers[Math.min(numbers.length - 1, Math.floor(fraction * numbers.length))]
}
