/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the director answers itself for a VIP in service: ARP (RFC 826), neighbour solicitation (RFC 4861) and echo
 * (RFC 792, RFC 4443). The VIP is not a local address of the director, so the kernel would not.
 */
#pragma once
#include "account.h"
#include "classify.h"
#include "encapsulate.h"
#include "interface.h"
#include "passage.h"

/* linux/if_arp.h and linux/icmp.h pull in headers of the C library, which a BPF target has none of. */
#define ARPHRD_ETHER	      1
#define ARPOP_REQUEST	      1
#define ARPOP_REPLY	      2
#define ICMP_ECHO	      8
#define ICMP_ECHOREPLY	      0
#define ICMP6_ECHO	      128
#define ICMP6_ECHOREPLY	      129
#define NEIGHBOUR_SOLICIT     135
#define NEIGHBOUR_ADVERTISE   136
#define NEIGHBOUR_HOP_LIMIT   255	 /* shows that no router was passed, RFC 4861 section 7.1 */
#define ADVERTISE_SOLICITED   0x40000000 /* flags of an advertisement, RFC 4861 section 4.4 */
#define ADVERTISE_OVERRIDE    0x20000000
#define OPTION_SOURCE_ADDRESS 1
#define OPTION_TARGET_ADDRESS 2
#define OPTIONS		      8 /* that are looked at */
#define ANSWER_TTL	      64

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__u32 rest;
};

struct arp_ipv4 {
	__be16 hardware_type;
	__be16 protocol_type;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_address[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_address[4];
} __attribute__((packed));

/* A solicitation without options, and an advertisement with one. */
struct neighbour {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 flags;
	__u64 target[2];
	__u8 option_type;
	__u8 option_length; /* in 8 bytes */
	__u8 mac[ETH_ALEN];
};

#define SOLICITATION_BYTES 24

/* Six bytes that need not be aligned to four. */
INLINE void copy_mac(void *to, const void *from)
{
	((__u16 *)to)[0] = ((const __u16 *)from)[0];
	((__u16 *)to)[1] = ((const __u16 *)from)[1];
	((__u16 *)to)[2] = ((const __u16 *)from)[2];
}

/* Sends the frame back to where it came from. */
INLINE void swap_macs(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	copy_mac(mac, ethernet->h_source);
	copy_mac(ethernet->h_source, ethernet->h_dest);
	copy_mac(ethernet->h_dest, mac);
}

INLINE __u32 read_address(const __u8 *bytes)
{
	return (__u32)((const __u16 *)bytes)[1] << 16 | ((const __u16 *)bytes)[0];
}

GLOBAL int answer_arp(struct xdp_md *ctx, __u32 half_number, __u32 l3)
{
	struct packet p = packet_of(ctx, half_number);
	struct ethhdr *ethernet = p.data;
	struct arp_ipv4 *arp = bytes_at(ctx, l3, sizeof(*arp));
	const struct vip_record *vip;
	const struct interface *self;
	__u32 asked, asker, number;

	if (!arp || (void *)(ethernet + 1) > p.end)
		return XDP_PASS;
	if (arp->hardware_type != bpf_htons(ARPHRD_ETHER) || arp->protocol_type != bpf_htons(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != 4 || arp->operation != bpf_htons(ARPOP_REQUEST))
		return XDP_PASS;
	asked = read_address(arp->target_address);
	asker = read_address(arp->sender_address);
	number = next_vip(p.half, asked, first_vip(asked) - 1);
	vip = number == NOTHING ? NULL : record_of(p.half_number, number);
	if (!vip || !(vip->flags & VIP_ANSWER_ARP))
		return XDP_PASS;
	/* A gratuitous request claims the VIP for its sender. The kernel may hear it; an answer would start a quarrel.
	 */
	if (asker == asked)
		return XDP_PASS;
	self = way_in(ctx, p.half);
	if (!self)
		return XDP_PASS;
	/* To everybody, as requests are, or to this interface; not one that a switch flooded on its way to another. */
	if (!(ethernet->h_dest[0] & 1) && !is_addressed_to(ethernet, self))
		return XDP_PASS;

	copy_mac(ethernet->h_dest, ethernet->h_source);
	copy_mac(ethernet->h_source, self->mac);
	arp->operation = bpf_htons(ARPOP_REPLY);
	copy_mac(arp->target_mac, arp->sender_mac);
	copy_mac(arp->sender_mac, self->mac);
	((__u16 *)arp->target_address)[0] = asker;
	((__u16 *)arp->target_address)[1] = asker >> 16;
	((__u16 *)arp->sender_address)[0] = asked;
	((__u16 *)arp->sender_address)[1] = asked >> 16;
	account_tally(DECISION_ANSWER_ARP, frame_bytes(&p));
	return XDP_TX;
}

/* Sum of the pseudo header of ICMPv6, RFC 8200 section 8.1. */
INLINE __u64 pseudo_sum(const __u64 *source, const __u64 *destination, __u32 length)
{
	__u64 sum = bpf_htons(length) + bpf_htons(IPPROTO_ICMPV6);

	for (__u32 i = 0; i < 4; i++)
		sum += (__u64)((const __u32 *)source)[i] + ((const __u32 *)destination)[i];
	return sum;
}

/* ff02::1:ffxx:xxxx with the last three bytes of the address, RFC 4291 section 2.7.1. */
INLINE bool is_solicited_node(const __u64 *group, const __u64 *address)
{
	__u64 last = bpf_cpu_to_be64(0xffffff);

	return group[0] == bpf_cpu_to_be64(0xff02ULL << 48) &&
	       group[1] == (bpf_cpu_to_be64(0x1ff000000ULL) | (address[1] & last));
}

/* Options end with the message, none has length 0, and nobody's address has no link-layer address: RFC 4861
 * section 7.1.1. */
INLINE bool has_valid_options(struct xdp_md *ctx, __u32 at, __u32 length, bool from_nobody)
{
	for (__u32 i = 0; i < OPTIONS && length; i++) {
		const __u8 *option = bytes_at(ctx, at, 8);
		__u32 bytes;

		if (!option || length < 8)
			return false;
		bytes = option[1] * 8;
		if (!bytes || bytes > length || (from_nobody && option[0] == OPTION_SOURCE_ADDRESS))
			return false;
		at += bytes;
		length -= bytes;
	}
	return !length;
}

/*
 * An advertisement is always of the same length, which a solicitation need not be. What is not in order is the kernel's
 * (RFC 4861 section 7.1.1), which drops it.
 */
GLOBAL int answer_neighbour(struct xdp_md *ctx, __u32 half_number, __u32 l3)
{
	struct packet p = packet_of(ctx, half_number);
	struct neighbour reply = {.type = NEIGHBOUR_ADVERTISE};
	__u32 payload, number, bytes = sizeof(struct ipv6hdr) + sizeof(reply);
	struct passage *g = own_passage();
	const struct vip_record *vip;
	const struct interface *self;
	struct neighbour *asked;
	struct ethhdr *ethernet;
	struct tuple *wanted;
	struct ipv6hdr *ip;
	__u64 source[2], sum;
	bool probes;
	__u32 rest;

	ip = bytes_at(ctx, l3, sizeof(*ip) + SOLICITATION_BYTES);
	if (!ip || !g)
		return XDP_PASS;
	wanted = &g->query.tuple;
	asked = (struct neighbour *)(ip + 1);
	payload = bpf_ntohs(ip->payload_len);
	p.bytes = frame_bytes(&p);
	if (ip->hop_limit != NEIGHBOUR_HOP_LIMIT || asked->code || payload < SOLICITATION_BYTES || payload > 256)
		return XDP_PASS;
	/* To a group, or to whom it asks for (section 4.3): what is sent to anybody else is not for the VIP. */
	if (*(__u8 *)&ip->daddr != 0xff &&
	    (((__u64 *)&ip->daddr)[0] != asked->target[0] || ((__u64 *)&ip->daddr)[1] != asked->target[1]))
		return XDP_PASS;
	probes = !((__u64 *)&ip->saddr)[0] && !((__u64 *)&ip->saddr)[1];
	if (probes && !is_solicited_node((const __u64 *)&ip->daddr, asked->target))
		return XDP_PASS;
	if (!has_valid_options(ctx, l3 + sizeof(*ip) + SOLICITATION_BYTES, payload - SOLICITATION_BYTES, probes))
		return XDP_PASS;
	ip = bytes_at(ctx, l3, sizeof(*ip) + SOLICITATION_BYTES);
	if (!ip)
		return XDP_PASS;
	asked = (struct neighbour *)(ip + 1);
	wanted->destination[0] = asked->target[0];
	wanted->destination[1] = asked->target[1];
	source[0] = *(__u64 *)&ip->saddr;
	source[1] = *((__u64 *)&ip->saddr + 1);
	rest = sum_of(ctx, l3 + sizeof(*ip), payload);
	ip = bytes_at(ctx, l3, sizeof(*ip) + SOLICITATION_BYTES);
	if (!ip || fold(rest + pseudo_sum(source, (const __u64 *)&ip->daddr, payload)) != 0xffff)
		return XDP_PASS;
	number = find_vip6(half_number, wanted);
	vip = number == NOTHING ? NULL : record_of(half_number, number);
	if (!vip || !(vip->flags & VIP_ANSWER_ARP))
		return XDP_PASS;
	self = way_in(ctx, p.half);
	ethernet = (void *)(long)ctx->data;
	if (!self || (void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	if (!(ethernet->h_dest[0] & 1) && !is_addressed_to(ethernet, self))
		return XDP_PASS;

	/* Somebody who has no address yet probes whether this one is free: everybody is told that it is not. */
	reply.flags = probes ? bpf_htonl(ADVERTISE_OVERRIDE) : bpf_htonl(ADVERTISE_SOLICITED | ADVERTISE_OVERRIDE);
	reply.target[0] = wanted->destination[0];
	reply.target[1] = wanted->destination[1];
	reply.option_type = OPTION_TARGET_ADDRESS;
	reply.option_length = 1;
	copy_mac(reply.mac, self->mac);
	if (probes) {
		source[0] = bpf_cpu_to_be64(0xff02ULL << 48);
		source[1] = bpf_cpu_to_be64(1);
	}
	sum = pseudo_sum(wanted->destination, source, sizeof(reply));
	for (__u32 i = 0; i < sizeof(reply) / sizeof(__u32); i++)
		sum += ((__u32 *)&reply)[i];
	reply.checksum = ~fold(sum);

	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + bytes) - (int)p.bytes))
		return drop(DROP_NO_HEADROOM, p.bytes);
	ethernet = (void *)(long)ctx->data;
	ip = bytes_at(ctx, l3, sizeof(*ip) + sizeof(reply));
	if (!ip || (void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return drop(DROP_NO_HEADROOM, p.bytes);
	if (probes) {
		*(__u16 *)ethernet->h_dest = bpf_htons(0x3333);
		*(__u16 *)(ethernet->h_dest + 2) = 0;
		*(__u16 *)(ethernet->h_dest + 4) = bpf_htons(1);
	} else {
		copy_mac(ethernet->h_dest, ethernet->h_source);
	}
	copy_mac(ethernet->h_source, self->mac);
	ip->payload_len = bpf_htons(sizeof(reply));
	((__u64 *)&ip->saddr)[0] = wanted->destination[0];
	((__u64 *)&ip->saddr)[1] = wanted->destination[1];
	((__u64 *)&ip->daddr)[0] = source[0];
	((__u64 *)&ip->daddr)[1] = source[1];
	*(struct neighbour *)(ip + 1) = reply;
	account_tally(DECISION_ANSWER_NEIGHBOUR, p.bytes);
	return XDP_TX;
}

/* Adds a 16-bit word to a header checksum, RFC 1624 section 3: HC' = ~(~HC + ~m + m'). */
INLINE __u16 checksum_replace(__u16 checksum, __u16 old, __u16 new)
{
	__u32 sum = (__u16)~checksum + (__u16)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/*
 * Exchanging the addresses leaves every sum as it was. A reply may be all zeros, which is the one sum that the update
 * gets wrong: it gives 0, and a receiver's sum over zeros is not the all ones that it wants. All ones are right here
 * and wherever 0 is.
 */
GLOBAL int answer_echo(struct xdp_md *ctx, __u32 l3, __u32 l4, bool six)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	__u64 bytes = ctx->data_end - ctx->data;
	struct icmphdr *icmp;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	swap_macs(ethernet);
	if (six) {
		struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip));
		__u64 *source, *destination, address[2];

		if (!ip)
			return XDP_PASS;
		source = (__u64 *)&ip->saddr;
		destination = (__u64 *)&ip->daddr;
		address[0] = source[0];
		address[1] = source[1];
		source[0] = destination[0];
		source[1] = destination[1];
		destination[0] = address[0];
		destination[1] = address[1];
		ip->hop_limit = ANSWER_TTL;
	} else {
		struct iphdr *ip = bytes_at(ctx, l3, sizeof(*ip));
		__u16 old;
		__be32 asker;

		if (!ip)
			return XDP_PASS;
		old = *(__u16 *)&ip->ttl;
		ip->ttl = ANSWER_TTL;
		ip->check = checksum_replace(ip->check, old, *(__u16 *)&ip->ttl);
		asker = ip->saddr;
		ip->saddr = ip->daddr;
		ip->daddr = asker;
	}
	icmp = bytes_at(ctx, l4, sizeof(*icmp));
	if (!icmp)
		return XDP_PASS;
	icmp->checksum =
	    checksum_replace(icmp->checksum, *(__u16 *)&icmp->type, six ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY) ?: 0xffff;
	icmp->type = six ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY;
	account_tally(DECISION_ANSWER_ECHO, bytes);
	return XDP_TX;
}
