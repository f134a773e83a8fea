package main

// readInBackground is not needed here.
func readInBackground() {}
