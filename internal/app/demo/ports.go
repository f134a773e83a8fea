package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"

	"libration/internal/text"
)

// freeTries bounds the search for a free port.
const freeTries = 100

// choosePort returns the address to listen on. An address given by the user must
// be free; the default gives way to a free port of the same host.
func choosePort(ctx context.Context, flag, given, standard string) (address string, moved bool, err error) {
	address = given
	if given == "" {
		address = standard
	}
	free, err := probe(ctx, address)
	switch {
	case err == nil:
		return free, false, nil
	case given == "" && errors.Is(err, syscall.EADDRINUSE):
		host, _, _ := net.SplitHostPort(standard)
		free, err = probe(ctx, net.JoinHostPort(host, "0"))
		return free, err == nil, err
	case errors.Is(err, syscall.EADDRINUSE):
		return "", false, text.Errorf("%s: address %s is in use by another program: stop it or choose another port", "%s：地址 %s 已被其他程序占用：请停止它，或换一个端口", flag, address)
	}
	return "", false, text.Errorf("%s: %v", "%s：%v", flag, err)
}

// probe opens and closes a port, and returns its address with the real number.
// Somebody else may take it in between; that is then a failure like any other.
func probe(ctx context.Context, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", text.Errorf("%q is not host:port: use for example 127.0.0.1:5700", "%q 不是 host:port：例如 127.0.0.1:5700", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", text.Errorf("%s can be reached from other machines: the demo has no password, use 127.0.0.1", "%s 可被其他机器访问：演示没有密码，请使用 127.0.0.1", address)
	}
	var lc net.ListenConfig
	for try := 0; ; try++ {
		if port == "0" { // below those that systems give to connections, which come and go
			address = net.JoinHostPort(host, strconv.Itoa(20000+rand.IntN(10000)))
		}
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil && (port != "0" || try == freeTries) {
			return "", err
		}
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
}
