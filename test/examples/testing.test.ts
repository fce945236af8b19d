import "../../examples/testing.test.ts"
