/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Capture: frames as they came in and as they went out, with what was decided, for people who look. What XDP sends is
 * seen by no other tool of the machine.
 *
 * Frames that are looked at take the general way, which does with a plain packet what the plain way does, and notes
 * what it decides (account.h). So the plain way pays for capture with the test of one word, which lies beside one that
 * it reads anyway.
 */
#pragma once
#include "general.h"

/* What frames have in common that are recorded: written by user space before it sets control.capture. */
INLINE const struct capture_filter *capture_filter(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&capturing, &zero);
}

/* Addresses, ports and protocol, as far as the frame has them. For ARP: who asks and who is asked for. */
INLINE bool parse_captured(struct xdp_md *ctx, struct passage *g)
{
	struct packet p = packet_of(ctx, 0);
	__be16 type = parse_link(ctx, &p);
	struct tuple *t = &g->query.tuple;

	*g = (struct passage){};
	if (type == bpf_htons(ETH_P_ARP)) {
		const struct arp_ipv4 *arp = bytes_at(ctx, p.l3, sizeof(*arp));

		if (!arp)
			return false;
		t->source[0] = read_address(arp->sender_address);
		t->destination[0] = read_address(arp->target_address);
		return true;
	}
	t->six = type == bpf_htons(ETH_P_IPV6);
	if ((type != bpf_htons(ETH_P_IP) && !t->six) || !parse_addresses(ctx, &p, t))
		return false;
	p.bytes = frame_bytes(&p);
	if (!(t->six ? parse_header6(ctx, &p, t, &g->shape) : parse_header4(ctx, &p, t, &g->shape)))
		parse_transport(ctx, &p, t, &g->shape);
	return true;
}

INLINE bool is_within(const __u64 *address, const struct capture_address *wanted)
{
	return !((address[0] ^ wanted->address[0]) & wanted->mask[0]) &&
	       !((address[1] ^ wanted->address[1]) & wanted->mask[1]);
}

/* Whether the frame itself is as the filter wants it. */
GLOBAL int is_wanted(struct xdp_md *ctx)
{
	const struct capture_filter *filter = capture_filter();
	struct passage *g = own_passage();
	const struct tuple *t;

	if (!filter || !g)
		return false;
	if (!filter->looks)
		return true;
	if (!parse_captured(ctx, g))
		return false;
	t = &g->query.tuple;
	for (__u32 i = 0; i < CAPTURE_ADDRESSES; i++) {
		const struct capture_address *wanted = &filter->addresses[i];

		if (!wanted->sides)
			continue;
		if (wanted->family != (t->six ? 6 : 4))
			return false;
		if (!(wanted->sides & CAPTURE_SOURCE && is_within(t->source, wanted)) &&
		    !(wanted->sides & CAPTURE_DESTINATION && is_within(t->destination, wanted)))
			return false;
	}
	for (__u32 i = 0; i < CAPTURE_PORTS; i++) {
		__u16 port = filter->ports[i];

		if (port && port != (t->ports & 0xffff) && port != t->ports >> 16)
			return false;
	}
	return !filter->protocol || filter->protocol == t->protocol || filter->protocol6 == t->protocol;
}

/* The beginning of the frame as it is now. Bytes of it, 0 when there is nothing to be had. */
INLINE __u64 copy_frame(struct xdp_md *ctx, struct captured_frame *frame, __u32 snap)
{
	__u64 length = ctx->data_end - ctx->data, bytes = snap;

	frame->length = length;
	if (bytes > length)
		bytes = length;
	asm volatile("" : "+r"(bytes)); /* the check below is of all 64 bits, as the verifier wants it */
	if (bytes < sizeof(struct ethhdr) || bytes > CAPTURE_BYTES)
		return 0;
	if (bpf_xdp_load_bytes(ctx, 0, frame->content, bytes))
		return 0;
	frame->recorded = bytes;
	return bytes;
}

INLINE void emit(struct captured_frame *frame, struct cpu_counters *own)
{
	__u64 bytes = frame->recorded;

	asm volatile("" : "+r"(bytes));
	if (bytes > CAPTURE_BYTES)
		return;
	if (bpf_ringbuf_output(&captured, frame, sizeof(*frame) - CAPTURE_BYTES + bytes, 0))
		own->capture_lost++;
}

/* Whether the bound of frames a second leaves room for one now: each takes an interval, and some may be ahead of it. */
INLINE bool has_turn(const struct capture_filter *filter, const struct cpu_counters *own, __u64 now)
{
	return !filter->interval || (__s64)(own->capture_due - now) <= CAPTURE_AHEAD;
}

/* Takes the frame as it came in. False: it is none of those that are looked at. */
GLOBAL int begin_capture(struct xdp_md *ctx)
{
	__u32 until = *(volatile __u32 *)&tables.control.capture;
	const struct capture_filter *filter = capture_filter();
	struct recording *recording = own_recording();
	struct cpu_counters *own = own_counters();
	struct passage *g = own_passage();

	if (!filter || !recording || !own || !g)
		return false;
	if ((__s32)(until - now_ticks()) < 0) {
		/* Nobody went on asking for it: who did is dead. */
		__sync_val_compare_and_swap(&tables.control.capture, until, 0);
		return false;
	}
	if (!is_wanted(ctx))
		return false;
	if (++own->capture_turn < filter->sample)
		return false;
	own->capture_turn = 0;
	recording->outcome = 0;
	recording->frame.recorded = 0;
	g->service = NOTHING;
	g->server_id = 0;
	if (has_turn(filter, own, bpf_ktime_get_coarse_ns())) {
		recording->frame.time = bpf_ktime_get_ns();
		copy_frame(ctx, &recording->frame, filter->snap);
	}
	return true;
}

/* What became of the frame, as the index of a tally. */
INLINE __u32 outcome_of(const struct recording *recording, int action)
{
	if (recording->outcome)
		return recording->outcome;
	return action == XDP_PASS			    ? DECISION_PASS
	       : action == XDP_TX || action == XDP_REDIRECT ? DECISION_FORWARD
							    : DECISION_DROP;
}

INLINE bool is_wanted_outcome(const struct capture_filter *filter, const struct captured_frame *frame)
{
	if (!(filter->outcomes >> (frame->outcome & (TALLIES - 1)) & 1))
		return false;
	if (filter->service != NOTHING && filter->service != frame->service)
		return false;
	if (!filter->servers[0])
		return true;
	for (__u32 i = 0; i < CAPTURE_SERVERS; i++) {
		if (filter->servers[i] && filter->servers[i] == frame->server)
			return true;
	}
	return false;
}

/* Records the frame as it came in, and as it goes out where it does, if what became of it is wanted. */
GLOBAL int end_capture(struct xdp_md *ctx, __u32 action)
{
	const struct capture_filter *filter = capture_filter();
	struct recording *recording = own_recording();
	struct cpu_counters *own = own_counters();
	const struct passage *g = own_passage();
	struct captured_frame *frame;
	const struct server *server;
	__u64 now;

	if (!filter || !recording || !own || !g)
		return 0;
	frame = &recording->frame;
	frame->service = g->service;
	frame->server = g->server_id & SLOT_SERVER_MASK;
	frame->outcome = outcome_of(recording, action);
	if (!is_wanted_outcome(filter, frame))
		return 0;
	if (!frame->recorded) {
		own->capture_missed++;
		return 0;
	}
	now = bpf_ktime_get_coarse_ns();
	own->capture_due = ((__s64)(own->capture_due - now) > 0 ? own->capture_due : now) + filter->interval;
	frame->number = ++own->capture_number;
	frame->cpu = bpf_get_smp_processor_id();
	frame->action = action;
	frame->ifindex = ctx->ingress_ifindex;
	frame->direction = CAPTURE_IN;
	emit(frame, own);
	if (action != XDP_TX && action != XDP_REDIRECT)
		return 0;
	server = server_of(g->half_number, frame->server);
	if (action == XDP_REDIRECT && server)
		frame->ifindex = server->ifindex;
	frame->direction = CAPTURE_OUT;
	frame->time = bpf_ktime_get_ns();
	if (copy_frame(ctx, frame, filter->snap))
		emit(frame, own);
	return 0;
}
