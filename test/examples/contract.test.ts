import "../../examples/custom/contract.test.ts"
