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

// Describe implements prometheus.Collector: nothing, as the series vary.
func (p *parts) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *parts) Collect(ch chan<- prometheus.Metric) {
	one := func(kind prometheus.ValueType, value float64, name, help string, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	}
	gauge := func(value float64, name, help string, labels ...string) {
		one(prometheus.GaugeValue, value, name, help, labels...)
	}
	counter := func(value uint64, name, help string, labels ...string) {
		one(prometheus.CounterValue, float64(value), name, help, labels...)
	}

	state := p.client.State()
	for _, s := range stages {
		gauge(is(state.Stage == s), "libration_account_state", "1 for the state that the account is in.", "state", string(s))
	}
	gauge(p.client.ClockOffset().Seconds(), "libration_clock_offset_seconds", "How far the NTQQ service's clock is ahead of the local one.")
	counter(uint64(state.OnlineCount), "libration_online_total", "How often the account came online.")
	CollectServices(ch, p.supervisor.Status())

	if p.signer != nil {
		gauge(is(p.client.SignFailure() == nil), "libration_sign_ok", "1 while signatures can be had; without them nothing can be sent.")
		for _, v := range p.signer.Health() {
			for _, s := range signerStates {
				gauge(is(v.State == s), "libration_signer_state", "1 for the state that the signer is in.", "signer", v.Name, "state", string(s))
			}
			gauge(v.Latency.Seconds(), "libration_signer_latency_seconds", "Moving average of the signer's answers.", "signer", v.Name)
		}
	}

	st := p.client.Stats()
	counter(st.PacketsReceived, "libration_packets_received_total", "Packets from the NTQQ service.")
	counter(st.PacketsSent, "libration_packets_sent_total", "Packets to the NTQQ service.")
	counter(st.PacketsDropped, "libration_packets_undecodable_total", "Packets that could not be decrypted or parsed.")
	forged := p.client.Unproven()
	for _, c := range []struct {
		kind string
		n    uint64
	}{
		{"push", forged.Push}, {"kick", forged.Kick}, {"session_code", forged.SessionCode}, {"answer", forged.Answer}, {"late", forged.Late},
	} {
		counter(c.n, "libration_packets_unproven_total",
			"Packets that did not come under the session's key and so count for nothing; late: of a slow server.", "kind", c.kind)
	}
	counter(st.MessagesReceived, "libration_messages_received_total", "Messages from others.")
	counter(st.MessagesSent, "libration_messages_sent_total", "Messages sent.")
	counter(st.SendsDelayed, "libration_sends_delayed_total", "Messages that had to wait because of the limits of sending.")
	counter(st.SendsRefused, "libration_sends_refused_total", "Messages that were refused because of the limits of sending.")
	u := p.client.Undecoded()
	for _, c := range []struct {
		reason string
		n      uint64
	}{
		{"unknown", u.Unknown}, {"ignored", u.Ignored}, {"decode_error", u.DecodeError}, {"empty_body", u.EmptyBody},
		{"incomplete", u.Incomplete}, {"duplicate", u.Duplicate}, {"short_header", u.ShortHeader},
	} {
		counter(c.n, "libration_pushes_without_event_total", "Pushes that gave no event, by reason.", "reason", c.reason)
	}

	raw := p.packets.Stats()
	for _, c := range []struct {
		result string
		n      uint64
	}{{"kept", raw.Kept}, {"limited", raw.Limited}, {"dropped", raw.Dropped}, {"failed", raw.Failed}} {
		counter(c.n, "libration_unknown_packets_total",
			"Packets and elements that were not understood, by whether their bytes were kept.", "result", c.result)
	}

	bot := p.gateway.Stats()
	counter(bot.Published, "libration_events_published_total", "Events handed to subscribers.")
	counter(bot.CutOff, "libration_subscribers_cut_off_total", "Event subscribers that were cut off because they were too slow.")
	counter(bot.Waited, "libration_events_waited_total", "Events that had to wait for a slow subscriber.")
	counter(bot.Replayed, "libration_events_replayed_total", "Events given to clients that had missed them.")
	counter(bot.Expired, "libration_events_expired_total", "Events that clients missed and did not get: too old, or too many.")
	counter(bot.Unreadable, "libration_journal_unreadable_total", "Events that were skipped because they could not be read: of an unknown kind, or without their message.")
	for _, c := range p.links() {
		if c.cursor == "" {
			continue
		}
		if n, err := p.gateway.Waiting(context.Background(), c.cursor, c.reportSelf); err == nil {
			gauge(float64(n), "libration_events_waiting", "Events that a client has not confirmed yet.", "service", c.config.Name())
		}
	}
	gauge(float64(bot.RequestBytes), "libration_request_bytes", "Bytes of requests that are being read, wait or run.")
	gauge(float64(bot.QueuedBytes), "libration_subscriber_queue_bytes", "Bytes of events that wait for subscribers.")
	gauge(float64(bot.Subscribers), "libration_subscribers", "Event subscribers now.")
	const queues = "What waits in a queue now; subscribers: all of them, subscriber_longest: the longest."
	gauge(float64(p.client.QueuedPushes()), "libration_queue_length", queues, "queue", "pushes")
	gauge(float64(st.SendsWaiting), "libration_queue_length", queues, "queue", "sends")
	gauge(float64(bot.Queued), "libration_queue_length", queues, "queue", "subscribers")
	gauge(float64(bot.Longest), "libration_queue_length", queues, "queue", "subscriber_longest")
	gauge(float64(bot.Async), "libration_queue_length", queues, "queue", "async_actions")
	kept := p.messages.Stats()
	gauge(float64(kept.Backlog), "libration_queue_length", queues, "queue", "store")
	gauge(float64(kept.Events), "libration_queue_length", queues, "queue", "journal")
	gauge(is(p.messages.Err() == nil), "libration_store_ok", "1 while messages can be written.")
	gauge(is(p.folder.Err() == nil), "libration_data_folder_ok", "1 while the data folder is the one that the program has locked, with all its files.")
	if free, _ := p.folder.Space(); free > 0 {
		gauge(float64(free), "libration_data_free_bytes", "Free space on the disk of the data folder.")
	}
	counter(kept.Failed, "libration_store_errors_total", "Tries to write messages that failed.")
	counter(kept.Lost, "libration_store_lost_total", "Messages that were given up unwritten.")
	counter(kept.Trimmed, "libration_store_trimmed_total", "Messages that were removed because they were too old, or the file too large.")
	counter(kept.Repaired, "libration_store_repairs_total", "Repairs of the message store's file after damage.")
	gauge(float64(kept.Bytes), "libration_store_bytes", "Size of the message store's file.")
	gauge(float64(kept.EventsKept), "libration_journal_events", "Events that are kept for bots that are away.")
	counter(kept.EventsWritten, "libration_journal_written_total", "Events that were written.")
	counter(kept.EventsLost, "libration_journal_lost_total", "Events that were given up unwritten.")
	counter(kept.EventsTrimmed, "libration_journal_trimmed_total", "Events that were removed because they were too old, or the file too large.")
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
