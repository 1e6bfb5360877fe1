/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the director answers itself for a VIP in service: ARP (RFC 826) and echo (RFC 792). The VIP is not a local
 * address of the director, so the kernel would not.
 */
#pragma once
#include "account.h"
#include "classify.h"
#include "interface.h"

/* linux/if_arp.h and linux/icmp.h pull in headers of the C library, which a BPF target has none of. */
#define ARPHRD_ETHER   1
#define ARPOP_REQUEST  1
#define ARPOP_REPLY    2
#define ICMP_ECHO      8
#define ICMP_ECHOREPLY 0
#define ANSWER_TTL     64

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

/* Six bytes that need not be aligned to four. */
INLINE void copy_mac(__u8 *to, const __u8 *from)
{
	((__u16 *)to)[0] = ((const __u16 *)from)[0];
	((__u16 *)to)[1] = ((const __u16 *)from)[1];
	((__u16 *)to)[2] = ((const __u16 *)from)[2];
}

INLINE __u32 read_address(const __u8 *bytes)
{
	return (__u32)((const __u16 *)bytes)[1] << 16 | ((const __u16 *)bytes)[0];
}

static __noinline int answer_arp(struct xdp_md *ctx, const struct half *half)
{
	struct packet p = packet_of(ctx, half);
	struct ethhdr *ethernet = p.data;
	struct arp_ipv4 *arp = (struct arp_ipv4 *)(ethernet + 1);
	const struct interface *self;
	const struct vip *vip;
	__u32 asked, asker;

	if ((void *)(arp + 1) > p.end)
		return XDP_PASS;
	if (arp->hardware_type != bpf_htons(ARPHRD_ETHER) || arp->protocol_type != bpf_htons(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != 4 || arp->operation != bpf_htons(ARPOP_REQUEST))
		return XDP_PASS;
	asked = read_address(arp->target_address);
	asker = read_address(arp->sender_address);
	vip = find_vip(half, asked);
	if (!vip || !(vip->flags & VIP_ANSWER_ARP))
		return XDP_PASS;
	/* A gratuitous request claims the VIP for its sender. The kernel may hear it; an answer would start a quarrel.
	 */
	if (asker == asked)
		return XDP_PASS;
	self = way_in(ctx, half);
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

/* Adds a 16-bit word to a header checksum, RFC 1624 section 3: HC' = ~(~HC + ~m + m'). */
INLINE __u16 checksum_replace(__u16 checksum, __u16 old, __u16 new)
{
	__u32 sum = (__u16)~checksum + (__u16)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

INLINE int answer_echo(const struct packet *p, const struct vip *vip)
{
	struct ethhdr *ethernet = p->data;
	struct iphdr *ip = ipv4_of(p);
	struct icmphdr *icmp = (struct icmphdr *)(ip + 1);
	__u8 mac[ETH_ALEN];
	__u16 old_ttl;
	__be32 asker;

	if (icmp->type != ICMP_ECHO || icmp->code != 0)
		return drop(DROP_ICMP_UNSUPPORTED, p->bytes);
	if (!(vip->flags & VIP_ANSWER_ECHO))
		return drop(DROP_ECHO_REFUSED, p->bytes);

	copy_mac(mac, ethernet->h_source);
	copy_mac(ethernet->h_source, ethernet->h_dest);
	copy_mac(ethernet->h_dest, mac);
	/* Exchanging the addresses leaves the sum as it was; the time to live starts anew. */
	old_ttl = *(__u16 *)&ip->ttl;
	ip->ttl = ANSWER_TTL;
	ip->check = checksum_replace(ip->check, old_ttl, *(__u16 *)&ip->ttl);
	asker = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = asker;
	/*
	 * A reply may be all zeros, which is the one sum that the update gets wrong: it gives 0, and a receiver's sum
	 * over zeros is not the all ones that it wants. All ones are right here and wherever 0 is.
	 */
	icmp->checksum = checksum_replace(icmp->checksum, *(__u16 *)&icmp->type, ICMP_ECHOREPLY) ?: 0xffff;
	icmp->type = ICMP_ECHOREPLY;
	account_tally(DECISION_ANSWER_ECHO, p->bytes);
	return XDP_TX;
}
