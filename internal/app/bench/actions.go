package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"libration/internal/network"
	"libration/internal/text"
)

// maxAnswer bounds the answer to an action in bytes.
const maxAnswer = 1 << 20

// measured are the actions: one that the service answers by itself, and one that goes to
// the sandbox and back.
var measured = []struct {
	name   string
	params map[string]any
}{
	{"get_login_info", map[string]any{}},
	{"send_group_msg", map[string]any{"group_id": group, "message": "bench"}},
}

func paramsOf(action string) map[string]any {
	for _, a := range measured {
		if a.name == action {
			return a.params
		}
	}
	return nil
}

func (o *Options) actionPlans() []plan {
	var all []plan
	for _, a := range measured {
		for _, way := range []string{"HTTP", "WebSocket"} {
			for _, n := range actionConnections {
				all = append(all, plan{
					name: text.Same(fmt.Sprintf("%s %s x%d", a.name, way, n)), count: o.Count, most: cmp.Or(o.Duration, actionTime),
					clients: n, action: a.name, socket: way == "WebSocket",
				})
			}
		}
	}
	return all
}

// caller asks for an action, by one connection.
type caller func(ctx context.Context, number int) (answer []byte, err error)

// act asks for the action of a plan, by all its connections at once, each time when the
// answer to the one before has come.
func (i *installation) act(ctx context.Context, p plan) (*result, error) {
	params := paramsOf(p.action)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var callers []caller
	if p.socket {
		conns, err := i.dial(ctx, p.clients)
		if err != nil {
			return nil, err
		}
		defer drop(conns)
		for _, c := range conns {
			callers = append(callers, func(ctx context.Context, number int) ([]byte, error) {
				echo := strconv.Itoa(number)
				if _, err := c.Send(ctx, p.action, params, echo); err != nil {
					return nil, err
				}
				for {
					answer, err := c.Read(ctx)
					if err != nil || bytes.Contains(answer, []byte(`"echo":"`+echo+`"`)) {
						return answer, err
					}
				}
			})
		}
	} else {
		transport := network.Network{}.Transport()
		transport.MaxIdleConnsPerHost = p.clients
		defer transport.CloseIdleConnections()
		body, err := json.Marshal(params)
		if err != nil {
			return nil, err
		}
		client := &http.Client{Transport: transport}
		for range p.clients {
			callers = append(callers, func(ctx context.Context, _ int) ([]byte, error) {
				return post(ctx, client, i.http+"/"+p.action, body)
			})
		}
	}
	alive := time.AfterFunc(patient, func() { cancel(text.Errorf("no answer for %v", "%v 内没有应答", patient)) })
	defer alive.Stop()
	var asked atomic.Int64
	began := time.Now()
	return gather(p.clients, func(c int) (*result, error) {
		r := &result{}
		for time.Since(began) < p.most {
			number := int(asked.Add(1))
			if number > p.count {
				break
			}
			at := time.Now()
			answer, err := callers[c](ctx, number)
			if err == nil && !bytes.Contains(answer, []byte(`"retcode":0`)) {
				err = text.Errorf("it failed: %.500s", "动作失败：%.500s", answer)
			}
			if err != nil {
				err = text.Errorf("action %d: %v", "第 %d 个动作：%v", number, cmp.Or(context.Cause(ctx), err))
				cancel(err)
				return nil, err
			}
			r.latencies = append(r.latencies, time.Since(at))
			r.received++
			alive.Reset(patient)
		}
		return r, nil
	}, began)
}

func post(ctx context.Context, client *http.Client, address string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP %s", response.Status)
	}
	return answer, err
}
