// Package e2e tests the whole system: the real client and services against the
// sandbox, over the real wire protocol, in memory and in virtual time; and the whole
// program, in real time on loopback TCP (program_test.go). It has no code of its own
// outside its tests. Those that take long have the build tag endurance; they stand
// here because they share everything else with the others.
package e2e
