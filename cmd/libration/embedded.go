package main

// What a system may lack: a scratch image has neither certificates nor time zones, Windows
// has no time zones. The packages offer themselves to crypto/x509 and time when they are
// imported, and are used only where the system has none. This is the one place with such
// imports.
import (
	_ "time/tzdata"

	_ "golang.org/x/crypto/x509roots/fallback"
)
