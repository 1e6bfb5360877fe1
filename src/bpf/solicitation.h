/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The reply to a neighbour solicitation for a VIP, RFC 4861. */
#pragma once
#include "checksum.h"
#include "packet_ctx.h"
#include "respond.h"

#define NEIGHBOUR_SOLICIT     135
#define NEIGHBOUR_ADVERTISE   136
#define NEIGHBOUR_HOP_LIMIT   255	 /* proves that no router forwarded the packet, RFC 4861 section 7.1 */
#define ADVERTISE_SOLICITED   0x40000000 /* flags of an advertisement, RFC 4861 section 4.4 */
#define ADVERTISE_OVERRIDE    0x20000000
#define OPTION_SOURCE_ADDRESS 1
#define OPTION_TARGET_ADDRESS 2
#define OPTIONS		      8 /* number of options that are examined */

/* A solicitation without options, or an advertisement with one. */
struct neighbour {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 flags;
	__u64 target[2];
	__u8 option_type;
	__u8 option_length; /* in units of 8 bytes */
	__u8 mac[ETH_ALEN];
};

#define SOLICITATION_BYTES 24

/* ff02::1:ffxx:xxxx with the last three bytes of the address, RFC 4291 section 2.7.1. */
INLINE bool is_solicited_node(const __u64 *group, const __u64 *address)
{
	__u64 last = bpf_cpu_to_be64(0xffffff);

	return group[0] == bpf_cpu_to_be64(0xff02ULL << 48) &&
	       group[1] == (bpf_cpu_to_be64(0x1ff000000ULL) | (address[1] & last));
}

/*
 * Options end exactly with the message, none has length 0, and a solicitation from the unspecified address has no
 * source link-layer address: RFC 4861 section 7.1.1.
 */
INLINE bool has_valid_options(struct xdp_md *ctx, __u32 at, __u32 length, bool unspecified_source)
{
	for (__u32 i = 0; i < OPTIONS && length; i++) {
		const __u8 *option = bytes_at(ctx, at, 8);
		__u32 bytes;

		if (!option || length < 8)
			return false;
		bytes = option[1] * 8;
		if (!bytes || bytes > length || (unspecified_source && option[0] == OPTION_SOURCE_ADDRESS))
			return false;
		at += bytes;
		length -= bytes;
	}
	return !length;
}

INLINE bool is_unspecified(const __u64 *address)
{
	return !address[0] && !address[1];
}

/*
 * Sent to a multicast group or to the target itself, RFC 4861 section 4.3: a packet to any other address is not for
 * the VIP. In duplicate address detection, only the target's own group is valid (section 7.1.1).
 */
INLINE bool is_for_target(const struct ipv6hdr *ip, const struct neighbour *solicitation)
{
	const __u64 *destination = (const __u64 *)&ip->daddr;

	if (is_unspecified((const __u64 *)&ip->saddr))
		return is_solicited_node(destination, solicitation->target);
	return *(const __u8 *)destination == 0xff ||
	       (destination[0] == solicitation->target[0] && destination[1] == solicitation->target[1]);
}

/*
 * Reads the target and the source. False when the solicitation is invalid, RFC 4861 section 7.1.1: it is left to the
 * kernel, which drops it.
 */
INLINE bool parse_solicitation(struct xdp_md *ctx, __u32 l3, struct tuple *target, __u64 *source)
{
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip) + SOLICITATION_BYTES);
	__u32 options = l3 + sizeof(*ip) + SOLICITATION_BYTES, payload, sum;
	const struct neighbour *solicitation;

	if (!ip)
		return false;
	solicitation = (const struct neighbour *)(ip + 1);
	payload = bpf_ntohs(ip->payload_len);
	if (ip->hop_limit != NEIGHBOUR_HOP_LIMIT || solicitation->code || payload < SOLICITATION_BYTES || payload > 256)
		return false;
	if (!is_for_target(ip, solicitation))
		return false;
	if (!has_valid_options(ctx, options, payload - SOLICITATION_BYTES, is_unspecified((const __u64 *)&ip->saddr)))
		return false;
	target->destination[0] = solicitation->target[0];
	target->destination[1] = solicitation->target[1];
	source[0] = *(__u64 *)&ip->saddr;
	source[1] = *((__u64 *)&ip->saddr + 1);
	sum = sum_of(ctx, l3 + sizeof(*ip), payload);
	return fold(sum + pseudo_sum(source, (const __u64 *)&ip->daddr, payload)) == 0xffff;
}

/* The advertisement from the target to the receiver, RFC 4861 section 4.4. */
INLINE struct neighbour advertisement_of(const __u64 *target, const __u64 *receiver, const __u8 *mac, bool solicited)
{
	struct neighbour reply = {.type = NEIGHBOUR_ADVERTISE};
	__u64 sum = pseudo_sum(target, receiver, sizeof(reply));

	reply.flags = bpf_htonl(ADVERTISE_OVERRIDE | (solicited ? ADVERTISE_SOLICITED : 0));
	reply.target[0] = target[0];
	reply.target[1] = target[1];
	reply.option_type = OPTION_TARGET_ADDRESS;
	reply.option_length = 1;
	copy_mac(reply.mac, mac);
	for (__u32 i = 0; i < sizeof(reply) / sizeof(__u32); i++)
		sum += ((__u32 *)&reply)[i];
	reply.checksum = ~fold(sum);
	return reply;
}

/* Turns the frame into the reply. False when the driver left too little headroom or tailroom. */
INLINE bool write_advertisement(struct xdp_md *ctx, __u32 l3, const struct interface *self,
				const struct neighbour *reply, const __u64 *receiver, bool to_all_nodes)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip) + sizeof(*reply));

	if (!ip || (void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return false;
	if (to_all_nodes) {
		/* 33:33:00:00:00:01, RFC 2464 section 7. */
		*(__u16 *)ethernet->h_dest = bpf_htons(0x3333);
		*(__u16 *)(ethernet->h_dest + 2) = 0;
		*(__u16 *)(ethernet->h_dest + 4) = bpf_htons(1);
	} else {
		copy_mac(ethernet->h_dest, ethernet->h_source);
	}
	copy_mac(ethernet->h_source, self->mac);
	ip->payload_len = bpf_htons(sizeof(*reply));
	((__u64 *)&ip->saddr)[0] = reply->target[0];
	((__u64 *)&ip->saddr)[1] = reply->target[1];
	((__u64 *)&ip->daddr)[0] = receiver[0];
	((__u64 *)&ip->daddr)[1] = receiver[1];
	*(struct neighbour *)(ip + 1) = *reply;
	return true;
}

GLOBAL int reply_to_solicitation(struct xdp_md *ctx, __u32 bank_number, __u32 l3)
{
	struct packet p = packet_of(ctx, bank_number);
	__u64 bytes = frame_bytes(&p), receiver[2];
	struct packet_ctx *pctx = own_packet_ctx();
	const struct interface *self;
	struct neighbour reply;
	struct tuple *target;
	bool is_dad;

	if (!pctx)
		return XDP_PASS;
	target = &pctx->lookup.tuple;
	if (!parse_solicitation(ctx, l3, target, receiver))
		return XDP_PASS;
	if (!replies_to_arp(bank_number, find_vip6(bank_number, target)))
		return XDP_PASS;
	p = packet_of(ctx, bank_number); /* again, so that the stack does not have to keep it */
	self = ingress_interface(ctx, p.bank);
	if (p.data + sizeof(struct ethhdr) > p.end || !is_request_for(p.data, self))
		return XDP_PASS;

	/*
	 * Duplicate address detection: the sender has no address yet and probes whether this one is in use. The
	 * advertisement goes to all nodes (ff02::1) and says that it is taken.
	 */
	is_dad = is_unspecified(receiver);
	if (is_dad) {
		receiver[0] = bpf_cpu_to_be64(0xff02ULL << 48);
		receiver[1] = bpf_cpu_to_be64(1);
	}
	reply = advertisement_of(target->destination, receiver, self->mac, !is_dad);
	/* An advertisement always has the same length; a solicitation need not have it. */
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + sizeof(struct ipv6hdr) + sizeof(reply)) - (int)bytes) ||
	    !write_advertisement(ctx, l3, self, &reply, receiver, is_dad))
		return drop(DROP_NO_HEADROOM, bytes);
	account_verdict(DECISION_NEIGHBOUR_ADVERTISEMENT, bytes);
	return XDP_TX;
}
