package account

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"libration/ntqq/media/transfer"
)

// series are what one scrape asks for.
type series chan<- prometheus.Metric

// one gives a metric. labels are names and values in turn.
func (to series) one(kind prometheus.ValueType, value float64, name, help string, labels ...string) {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	to <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
}

func (to series) gauge(value float64, name, help string, labels ...string) {
	to.one(prometheus.GaugeValue, value, name, help, labels...)
}

func (to series) counter(value uint64, name, help string, labels ...string) {
	to.one(prometheus.CounterValue, float64(value), name, help, labels...)
}

// Describe implements prometheus.Collector: nothing, as the series vary.
func (p *parts) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *parts) Collect(ch chan<- prometheus.Metric) {
	CollectServices(ch, p.supervisor.Status())
	p.collectState(ch)
	p.collectSigner(ch)
	p.collectClient(ch)
	p.collectCache(ch)
	p.collectTransfers(ch)
	p.collectUnknown(ch)
	p.collectEvents(ch)
	p.collectQueues(ch)
	p.collectStore(ch)
	p.collectFolder(ch)
}

func (p *parts) collectState(to series) {
	state := p.client.State()
	for _, s := range stages {
		to.gauge(is(state.Stage == s), "libration_account_state", "1 for the state that the account is in.", "state", string(s))
	}
	to.gauge(is(p.client.Restriction() != nil), "libration_account_restricted", "1 while the service refuses messages of the account until a person passes a verification.")
	to.gauge(p.client.ClockOffset().Seconds(), "libration_clock_offset_seconds", "How far the NTQQ service's clock is ahead of the local one.")
	to.counter(uint64(state.OnlineCount), "libration_online_total", "How often the account came online.")
}

func (p *parts) collectSigner(to series) {
	if p.signer == nil {
		return
	}
	to.gauge(is(p.client.SignFailure() == nil), "libration_sign_ok", "1 while signatures can be had; without them nothing can be sent.")
	for _, v := range p.signer.Health() {
		for _, s := range signerStates {
			to.gauge(is(v.State == s), "libration_signer_state", "1 for the state that the signer is in.", "signer", v.Name, "state", string(s))
		}
		to.gauge(v.Latency.Seconds(), "libration_signer_latency_seconds", "Moving average of the signer's answers.", "signer", v.Name)
	}
}

// collectClient gives what went over the connection.
func (p *parts) collectClient(to series) {
	st := p.client.Stats()
	to.counter(st.PacketsReceived, "libration_packets_received_total", "Packets from the NTQQ service.")
	to.counter(st.PacketsSent, "libration_packets_sent_total", "Packets to the NTQQ service.")
	to.counter(st.PacketsDropped, "libration_packets_undecodable_total", "Packets that could not be decrypted or parsed.")
	forged := p.client.Unproven()
	for _, c := range []struct {
		kind string
		n    uint64
	}{
		{"push", forged.Push}, {"kick", forged.Kick}, {"session_code", forged.SessionCode}, {"answer", forged.Answer}, {"late", forged.Late},
	} {
		to.counter(c.n, "libration_packets_unproven_total",
			"Packets that did not come under the session's key and so count for nothing; late: of a slow server.", "kind", c.kind)
	}
	to.counter(st.MessagesReceived, "libration_messages_received_total", "Messages from others.")
	to.counter(st.MessagesSent, "libration_messages_sent_total", "Messages sent.")
	to.counter(st.SendsDelayed, "libration_sends_delayed_total", "Messages that had to wait because of the limits of sending.")
	to.counter(st.SendsRefused, "libration_sends_refused_total", "Messages that were refused because of the limits of sending.")
}

// collectCache gives what is kept of the lists of members.
func (p *parts) collectCache(to series) {
	st := p.client.Stats()
	to.gauge(float64(st.MemberLists), "libration_member_lists", "Lists of members of groups that are in memory.")
	to.gauge(float64(st.MemberBytes), "libration_member_lists_bytes", "Memory of these lists, which cache.members bounds.")
	to.counter(st.MembersForgotten, "libration_member_lists_forgotten_total", "Lists of members that were forgotten to make room; they are fetched again when they are needed.")
}

// collectTransfers gives the uploads and downloads that have ended.
func (p *parts) collectTransfers(to series) {
	p.client.Transfers().Totals(func(of transfer.Total, count, bytes uint64) {
		labels := []string{"direction", string(of.Direction), "kind", of.Kind, "result", string(of.Result)}
		to.counter(count, "libration_transfers_total", "Uploads and downloads that have ended.", labels...)
		to.counter(bytes, "libration_transfer_bytes_total", "Bytes of them that went over the network.", labels...)
	})
}

// collectUnknown gives what came and was not understood.
func (p *parts) collectUnknown(to series) {
	u := p.client.Undecoded()
	for _, c := range []struct {
		reason string
		n      uint64
	}{
		{"unknown", u.Unknown}, {"ignored", u.Ignored}, {"decode_error", u.DecodeError}, {"empty_body", u.EmptyBody},
		{"incomplete", u.Incomplete}, {"duplicate", u.Duplicate}, {"short_header", u.ShortHeader},
	} {
		to.counter(c.n, "libration_pushes_without_event_total", "Pushes that gave no event, by reason.", "reason", c.reason)
	}
	raw := p.packets.Stats()
	for _, c := range []struct {
		result string
		n      uint64
	}{{"kept", raw.Kept}, {"limited", raw.Limited}, {"dropped", raw.Dropped}, {"failed", raw.Failed}} {
		to.counter(c.n, "libration_unknown_packets_total",
			"Packets and elements that were not understood, by whether their bytes were kept.", "result", c.result)
	}
}

// collectEvents gives what subscribers and clients with a journal got.
func (p *parts) collectEvents(to series) {
	bot := p.gateway.Stats()
	to.counter(bot.Published, "libration_events_published_total", "Events handed to subscribers.")
	to.counter(bot.CutOff, "libration_subscribers_cut_off_total", "Event subscribers that were cut off because they were too slow.")
	to.counter(bot.Waited, "libration_events_waited_total", "Events that had to wait for a slow subscriber.")
	to.counter(bot.Replayed, "libration_events_replayed_total", "Events given to clients that had missed them.")
	to.counter(bot.Expired, "libration_events_expired_total", "Events that clients missed and did not get: too old, or too many.")
	to.counter(bot.Unreadable, "libration_journal_unreadable_total", "Events that were skipped because they could not be read: of an unknown kind, or without their message.")
	for _, c := range p.links() {
		if c.cursor == "" {
			continue
		}
		if n, err := p.gateway.Waiting(context.Background(), c.cursor, c.events); err == nil {
			to.gauge(float64(n), "libration_events_waiting", "Events that a client has not confirmed yet.", "service", c.config.Name())
		}
	}
	to.gauge(float64(bot.RequestBytes), "libration_request_bytes", "Bytes of requests that are being read, wait or run.")
	to.gauge(float64(bot.QueuedBytes), "libration_subscriber_queue_bytes", "Bytes of events that wait for subscribers.")
	to.gauge(float64(bot.Subscribers), "libration_subscribers", "Event subscribers now.")
}

func (p *parts) collectQueues(to series) {
	st, bot, kept := p.client.Stats(), p.gateway.Stats(), p.messages.Stats()
	const queues = "What waits in a queue now; subscribers: all of them, subscriber_longest: the longest."
	to.gauge(float64(p.client.QueuedPushes()), "libration_queue_length", queues, "queue", "pushes")
	to.gauge(float64(st.SendsWaiting), "libration_queue_length", queues, "queue", "sends")
	to.gauge(float64(bot.Queued), "libration_queue_length", queues, "queue", "subscribers")
	to.gauge(float64(bot.Longest), "libration_queue_length", queues, "queue", "subscriber_longest")
	to.gauge(float64(bot.Async), "libration_queue_length", queues, "queue", "async_actions")
	to.gauge(float64(kept.Backlog), "libration_queue_length", queues, "queue", "store")
	to.gauge(float64(kept.Events), "libration_queue_length", queues, "queue", "journal")
}

func (p *parts) collectStore(to series) {
	kept := p.messages.Stats()
	to.gauge(is(p.messages.Err() == nil), "libration_store_ok", "1 while messages can be written.")
	to.counter(kept.Failed, "libration_store_errors_total", "Tries to write messages that failed.")
	to.counter(kept.Lost, "libration_store_lost_total", "Messages that were given up unwritten.")
	to.counter(kept.Trimmed, "libration_store_trimmed_total", "Messages that were removed because they were too old, or the file too large.")
	to.counter(kept.Repaired, "libration_store_repairs_total", "Repairs of the message store's file after damage.")
	to.gauge(float64(kept.Bytes), "libration_store_bytes", "Size of the message store's file.")
	to.gauge(float64(kept.EventsKept), "libration_journal_events", "Events that are kept for bots that are away.")
	to.counter(kept.EventsWritten, "libration_journal_written_total", "Events that were written.")
	to.counter(kept.EventsLost, "libration_journal_lost_total", "Events that were given up unwritten.")
	to.counter(kept.EventsTrimmed, "libration_journal_trimmed_total", "Events that were removed because they were too old, or the file too large.")
}

func (p *parts) collectFolder(to series) {
	to.gauge(is(p.folder.Err() == nil), "libration_data_folder_ok", "1 while the data folder is the one that the program has locked, with all its files.")
	if free, _ := p.folder.Space(); free > 0 {
		to.gauge(float64(free), "libration_data_free_bytes", "Free space on the disk of the data folder.")
	}
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
