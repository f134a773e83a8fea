// Package doctor is `libration doctor`: it looks at an installation from outside,
// running or not, and says in plain words what is wrong and what to do. It changes
// nothing but a file that it makes in the data folder and removes again, and
// contacts nothing beyond this machine unless told to.
package doctor
