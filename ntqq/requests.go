package ntqq

// Requests are the requests that the account decides about, and what else is in its
// notification lists. They are safe for concurrent use.
type Requests struct{ c *Client }

// Requests returns the operations on requests.
func (c *Client) Requests() Requests { return Requests{c} }
