package filelock

import (
	"crypto/rand"
	"errors"
	"testing"
)

func TestMachine(t *testing.T) {
	t.Parallel()
	name := "test-" + rand.Text()
	first, err := Machine(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Machine(name); !errors.Is(err, ErrLocked) {
		t.Errorf("taken twice: %v", err)
	}
	other, err := Machine(name + "-2")
	if err != nil {
		t.Errorf("another name: %v", err)
	} else {
		other.Close()
	}
	first.Close()
	again, err := Machine(name)
	if err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	again.Close()
}
