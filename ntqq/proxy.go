package ntqq

import (
	"net/http"

	"libration/internal/network"
)

// ProxyClient returns an HTTP client whose connections go through a proxy, for
// [HTTPSigner].Client. The proxy is written as in [Options].Proxy; an error says what is wrong
// with it. The caller closes its idle connections.
func ProxyClient(proxy string) (*http.Client, error) {
	p, err := network.ParseProxy(proxy)
	if err != nil {
		return nil, err
	}
	return network.Network{Proxy: p}.HostClient(), nil
}
