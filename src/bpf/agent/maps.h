/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps that the agent writes for its programs, and the counters. src/Sidestep.Agent/Programs has the same in C#.
 */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define INLINE	     static __always_inline
#define VLAN_ID_MASK 0x0fff
#define MAX_SET	     4096
#define GUE_PORTS    8

/* PacketCounter.cs has the same names in the same order; a test increments each counter and checks its name. */
enum packet_counter {
	COUNTER_DECAPSULATED,
	COUNTER_REJECTED_SOURCE,      /* dropped: for a VIP, but the outer source is not a director */
	COUNTER_REJECTED_VIP,	      /* dropped: from a director, but not for a VIP of this server */
	COUNTER_REJECTED_DESTINATION, /* passed: from a director, but the outer destination is not this server */
	COUNTER_MALFORMED,	      /* dropped: from a director, with headers that contradict each other */
	COUNTER_ECN_DROPPED,	/* dropped: the outer header is marked CE and the inner packet cannot carry the mark */
	COUNTER_OUTER_FRAGMENT, /* passed: from a director, fragmented in transit */
	COUNTER_FOREIGN,	/* passed: a tunnel that is not ours */
	COUNTER_FAILED,		/* dropped: the kernel could not shorten the packet */
	COUNTER_OTHER_KIND,	/* passed: from a director, for a VIP, in an encapsulation that is not configured */
	COUNTER_SOLICITATION,	/* dropped: another host sent this server a neighbour solicitation for a VIP */
	COUNTER_ADVERTISEMENT,	/* dropped: this server sent a neighbour advertisement for a VIP */
	COUNTER_MSS_LOWERED,	/* a SYN-ACK of a VIP offered a larger MSS than fits through the encapsulation */
	COUNTERS
};

/* One element per CPU of an ordinary array: user space reads it like any other map, and no cache line is shared. */
struct packet_counters {
	__u64 count[16];
};

_Static_assert(COUNTERS <= 16, "struct packet_counters is too small");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* user space sets the number of possible CPUs */
	__type(key, __u32);
	__type(value, struct packet_counters);
} counters SEC(".maps");

/* The family distinguishes an IPv6 address that looks like an IPv4 one (::ffff:192.0.2.1) from that IPv4 address. */
struct address {
	__u32 family; /* 4 or 6 */
	__be32 words[4];
};

struct prefix {
	__u32 bits; /* length of the prefix: 32 for the family plus the bits of the address */
	struct address address;
};

enum kind { KIND_IPIP = 1, KIND_GRE = 2, KIND_GUE = 4 };

struct settings {
	__u32 kinds;		    /* bits: the configured encapsulations */
	__be16 gue_port[GUE_PORTS]; /* network byte order; 0: unused */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

/* Allowed outer sources: the directors, and the prefixes from which they take outer source addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct prefix);
	__type(value, __u32);
} sources SEC(".maps");

/* This server's own addresses: the allowed outer destinations. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct address);
	__type(value, __u32);
} addresses SEC(".maps");

struct vip {
	__u32 index; /* index of its counters */
	__u32 mss;   /* the largest MSS that a SYN-ACK may offer; 0: no limit */
};

/* VIPs and VIP prefixes: inner destinations, and sources of replies. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SET);
	__type(key, struct prefix);
	__type(value, struct vip);
} vips SEC(".maps");

/* Connections opened and reset. These packets are rare enough to be counted in one place for all CPUs. */
struct vip_counters {
	__u64 syn;     /* received without an outer header */
	__u64 syn_ack; /* sent */
	__u64 reset;   /* sent */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SET);
	__type(key, __u32);
	__type(value, struct vip_counters);
} vip_counters SEC(".maps");

INLINE void count(enum packet_counter counter)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct packet_counters *c = bpf_map_lookup_elem(&counters, &cpu);

	if (c)
		c->count[counter]++;
}

INLINE int drop_counted(enum packet_counter counter)
{
	count(counter);
	return TC_ACT_SHOT;
}

INLINE int pass_counted(enum packet_counter counter)
{
	count(counter);
	return TC_ACT_UNSPEC;
}

INLINE struct vip_counters *counters_of(const struct vip *vip)
{
	return bpf_map_lookup_elem(&vip_counters, &vip->index);
}

INLINE void set4(struct address *address, __be32 value)
{
	address->family = 4;
	address->words[0] = value;
	address->words[1] = address->words[2] = address->words[3] = 0;
}

INLINE void set6(struct address *address, const struct in6_addr *value)
{
	address->family = 6;
	for (int i = 0; i < 4; i++)
		address->words[i] = value->in6_u.u6_addr32[i];
}

INLINE __u32 bits_of(__u32 family)
{
	return 32 + (family == 4 ? 32 : 128);
}

INLINE struct vip *find_vip(const struct address *address)
{
	struct prefix key = {.bits = bits_of(address->family), .address = *address};

	return bpf_map_lookup_elem(&vips, &key);
}

INLINE int is_source(const struct address *address)
{
	struct prefix key = {.bits = bits_of(address->family), .address = *address};

	return bpf_map_lookup_elem(&sources, &key) != 0;
}
