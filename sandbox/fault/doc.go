// Package fault holds the faults that a simulated service can make: their
// kinds and parameters, and the set of those that are switched on.
//
// It decides whether a fault strikes; the server and the sign provider do what it
// means. It knows no commands: the server passes the stages that stand for some.
package fault
