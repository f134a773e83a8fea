package account

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"libration/internal/supervise"
	"libration/internal/webguard"
	"libration/ntqq"
	"libration/onebot"
)

// stages are all that an account can be in, so that each has a series.
var stages = []ntqq.Stage{
	ntqq.Offline, ntqq.Probing, ntqq.Connecting, ntqq.LoggingIn, ntqq.Registering,
	ntqq.Online, ntqq.Reconnecting, ntqq.Kicked, ntqq.NeedsLogin, ntqq.Stopped,
}

// serviceStates are all that a service can be in.
var serviceStates = []supervise.State{
	supervise.Waiting, supervise.Starting, supervise.Running, supervise.Failed, supervise.Stopped,
}

// signerStates are all that a signer can be in.
var signerStates = []ntqq.SignerState{ntqq.SignerOK, ntqq.SignerFailing, ntqq.SignerDown, ntqq.SignerWrongVersion}

// Upper bounds of the latency histograms, in seconds: actions that are answered
// from memory, and requests over the network.
var (
	actionBuckets  = []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 15}
	networkBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15}
)

// metrics count what happens; what can be asked for is read at each scrape.
type metrics struct {
	registry   *prometheus.Registry
	reconnects *prometheus.CounterVec
	actions    *prometheus.CounterVec
	actionTime *prometheus.HistogramVec
	calls      *prometheus.CounterVec
	callTime   *prometheus.HistogramVec
	signs      *prometheus.CounterVec
	signTime   *prometheus.HistogramVec
	asks       *prometheus.CounterVec
	askTime    *prometheus.HistogramVec
	posted     *prometheus.CounterVec
	// refused returns what counts the refused requests to one service.
	refused func(service string) func(webguard.Reason)
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reconnects: counter("libration_disconnects_total",
			"Sessions that ended or could not begin, by cause.", "cause"),
		actions: counter("libration_onebot_requests_total",
			"OneBot actions, by result: ok, failed, bad_request or unknown_action.", "action", "result"),
		actionTime: histogram("libration_onebot_request_seconds",
			"How long OneBot actions took.", actionBuckets, "action"),
		calls: counter("libration_sso_requests_total",
			"Requests to the NTQQ service, by result.", "command", "result"),
		callTime: histogram("libration_sso_request_seconds",
			"How long requests to the NTQQ service took.", networkBuckets),
		signs: counter("libration_sign_requests_total",
			"Signatures asked for, by result.", "result"),
		signTime: histogram("libration_sign_request_seconds",
			"How long signatures took.", networkBuckets),
		asks: counter("libration_signer_requests_total",
			"Questions to each signer, by result.", "signer", "result"),
		askTime: histogram("libration_signer_request_seconds",
			"How long each signer took.", networkBuckets, "signer"),
		posted: counter("libration_webhook_posts_total",
			"Posts of webhooks, by result: ok, refused, failed or no_answer.", "service", "result"),
	}
	m.refused = CountRefused(m.registry)
	m.registry.MustRegister(m.reconnects, m.actions, m.actionTime, m.calls, m.callTime, m.signs, m.signTime, m.asks, m.askTime, m.posted)
	return m
}

// state counts the ends of sessions.
func (m *metrics) state(s ntqq.State) {
	switch s.Stage {
	case ntqq.Reconnecting, ntqq.Kicked, ntqq.NeedsLogin:
		m.reconnects.WithLabelValues(ntqq.CauseOf(s.Err)).Inc()
	}
}

func (m *metrics) action(name string, retcode int, took time.Duration) {
	result := "failed"
	switch retcode {
	case onebot.RetOK:
		result = "ok"
	case onebot.RetBadParams:
		result = "bad_request"
	case onebot.RetUnknownAction:
		result = "unknown_action"
	}
	m.actions.WithLabelValues(name, result).Inc()
	m.actionTime.WithLabelValues(name).Observe(took.Seconds())
}

// posts returns what counts the posts of one webhook.
func (m *metrics) posts(service string) func(result string) {
	return func(result string) { m.posted.WithLabelValues(service, result).Inc() }
}

// CountRefused registers what counts refused requests. It returns a function that counts
// those to one service.
func CountRefused(r prometheus.Registerer) func(service string) func(webguard.Reason) {
	refusals := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "libration_http_refused_total",
		Help: "Requests that were refused before they could act: without the right token, or caused by a web page.",
	}, []string{"service", "reason"})
	r.MustRegister(refusals)
	return func(service string) func(webguard.Reason) {
		for _, r := range webguard.Reasons() { // each has a series, so that its first refusal shows as a rise
			refusals.WithLabelValues(service, string(r))
		}
		return func(r webguard.Reason) { refusals.WithLabelValues(service, string(r)).Inc() }
	}
}

// CollectServices gives the states of services as metrics.
func CollectServices(ch chan<- prometheus.Metric, all []supervise.Status) {
	d := prometheus.NewDesc("libration_service_state", "1 for the state that the service is in.", []string{"service", "state"}, nil)
	for _, v := range all {
		for _, s := range serviceStates {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, is(v.State == s), v.Name, string(s))
		}
	}
}

func (m *metrics) call(command string, took time.Duration, err error) {
	m.calls.WithLabelValues(command, ntqq.CauseOf(err)).Inc()
	m.callTime.WithLabelValues().Observe(took.Seconds())
}

// countedSigner counts what another one does.
type countedSigner struct {
	ntqq.Signer
	m *metrics
}

// Sign implements ntqq.Signer.
func (s countedSigner) Sign(ctx context.Context, r *ntqq.SignRequest) (*ntqq.Signature, error) {
	began := time.Now()
	sig, err := s.Signer.Sign(ctx, r)
	result := "ok"
	if err != nil {
		result = "failed"
	}
	s.m.signs.WithLabelValues(result).Inc()
	s.m.signTime.WithLabelValues().Observe(time.Since(began).Seconds())
	return sig, err
}

// ask counts a question to one signer.
func (m *metrics) ask(signer string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.asks.WithLabelValues(signer, result).Inc()
	m.askTime.WithLabelValues(signer).Observe(took.Seconds())
}
