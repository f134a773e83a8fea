// Package e2e tests the whole system: the real client and services against the
// sandbox, over the real wire protocol, and the whole program (program_test.go), in
// memory and in virtual time. Only what needs a process of its own runs in real time on
// loopback TCP. It has no code of its own outside its tests. Those that take long have
// the build tag endurance; they stand here because they share everything else with the
// others.
package e2e
