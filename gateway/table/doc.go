// Package table holds the actions of a dialect as rows: one row has an action's names,
// what it does in both languages, its function, and the structs of its parameters and
// its result. From the rows come dispatch and the reading of parameters, the guides, the
// JSON schema and the help of the command line.
//
// It knows no dialect, no client and no transport. A dialect gives the rows, and a
// [Source] that reads parameters as leniently or strictly as the dialect demands.
package table
