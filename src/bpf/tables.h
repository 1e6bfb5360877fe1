/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables that the control plane writes and the program reads: the ABI between the two.
 *
 * Sidestep.Engine.Xdp/Layout has the same structures in C#; a test compares both by the BTF of the compiled object.
 * Whoever changes a structure, a constant or a map here raises LAYOUT_VERSION.
 *
 * What a change touches exists twice; control.active says which half packets use. The control plane writes the other
 * half and flips that one word, so that no packet sees a mixture. Slot blocks exist once: a changed slot
 * table goes to free blocks, and the new half of the services points there.
 */
#pragma once
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define LAYOUT_VERSION	 1
#define HALVES		 2
#define VIP_ENTRIES	 32768 /* power of two */
#define VIP_BITS	 15
#define SERVICE_ENTRIES	 32768 /* power of two */
#define SERVICE_BITS	 15
#define PROBES		 64 /* entries that a search looks at; the writer refuses tables that would need more */
#define INTERFACES	 16
#define BLOCK_SLOTS	 1024 /* power of two */
#define BLOCK_BITS	 10
#define SLOT_BLOCKS	 16384 /* 64 MiB: half for tables, half for their change */
#define TALLIES		 64    /* counters of decisions and drop reasons, before those of services and servers */
#define LABEL_BYTES	 64
#define SERVICE_CAPACITY 4096  /* services; ids are below */
#define SERVER_CAPACITY	 16384 /* server ids are below; 0 is none */

/* What happened to a frame. The value is its counter's index; passed frames are the kernel's and not counted. */
enum decision {
	DECISION_PASS = 1,
	DECISION_FORWARD = 2,
	DECISION_ANSWER_ARP = 3,
	DECISION_ANSWER_ECHO = 4,
	DECISION_DROP = 5,
};

/* Why a frame was dropped. Its counter's index is DROP_TALLY plus the value. */
#define DROP_TALLY 16
enum drop_reason {
	DROP_MALFORMED = 1,	       /* header lengths contradict each other or the frame */
	DROP_FRAGMENT = 2,	       /* not supported yet */
	DROP_IP_OPTIONS = 3,	       /* not supported yet */
	DROP_PROTOCOL_UNSUPPORTED = 4, /* to a VIP, neither TCP, UDP nor ICMP */
	DROP_ICMP_UNSUPPORTED = 5,     /* to a VIP, ICMP other than an echo request */
	DROP_ECHO_REFUSED = 6,	       /* echo request to a VIP that is not in service */
	DROP_NO_SERVICE = 7,	       /* to a VIP, no service on that protocol and port */
	DROP_NO_SERVER = 8,	       /* the service has no usable real server */
	DROP_TOO_BIG = 9,	       /* with its outer header longer than the MTU of the way out */
	DROP_NO_HEADROOM = 10,	       /* the driver left no room for the outer header */
	DROP_TABLES_INCONSISTENT = 11, /* an index out of range: a bug, please report it */
};

enum encapsulation {
	ENCAPSULATION_NONE = 0, /* layer 2 */
	ENCAPSULATION_IPIP = 1,
};

/* An IPv4 VIP. Open addressing; an entry with flags 0 is empty and ends a search. */
struct vip {
	__be32 address;
	__u16 id;
	__u16 flags;
};

#define VIP_USED	(1 << 0)
#define VIP_ANSWER_ARP	(1 << 1)
#define VIP_ANSWER_ECHO (1 << 2)

/*
 * A service: an address, a protocol and a port. Open addressing; key 0 is empty and ends a search. It is found without
 * its VIP: the entry of the VIP only matters for what no service takes.
 */
struct service {
	__u64 key;	    /* address << 32 | protocol << 16 | port; address and port as they lie in the packet */
	__u32 id;	    /* of its counters and label */
	__u32 slot_base;    /* index of its first slot */
	__u32 slot_count;   /* 0: no usable server */
	__u16 flags;	    /* SERVICE_HASH_* */
	__u8 encapsulation; /* enum encapsulation */
	__u8 reserved0;
	__u64 reserved1;
};

#define SERVICE_HASH_FIVE_TUPLE (1 << 0) /* else the source address alone */

/*
 * A real server as packets see it: one way (pool, address, encapsulation) of reaching it, with everything that is the
 * same for all its packets. Id 0 means none.
 */
struct server {
	__u64 macs;	 /* the first 8 bytes of both Ethernet addresses: next hop, then the director's interface */
	__u32 macs_rest; /* the other 4 */
	__u16 mtu;	 /* of the way out, in bytes without the Ethernet header */
	__u16 flags;
	__u32 ifindex;	    /* the way out */
	__be32 source;	    /* of the outer header: the director */
	__be32 destination; /* of the outer header: the server */
	__u32 checksum;	    /* one's complement sum of the outer header's constant words, in memory order */
};

/* One of the director's interfaces. */
struct interface {
	__u8 mac[6];
	__u16 reserved;
	__u32 ifindex; /* 0: unused */
};

struct slot_block {
	__u32 slots[BLOCK_SLOTS]; /* server id; the upper 8 bits are reserved for the state of a slot */
};

#define SLOT_SERVER_MASK 0x00ffffff

struct settings {
	__u64 hash_high; /* the flow hash's key */
	__u64 hash_low;
	__u64 reserved[6];
};

struct control {
	__u32 layout;	  /* LAYOUT_VERSION */
	__u32 active;	  /* 0 or 1 */
	__u64 revision;	  /* counts changes */
	__u64 applied_at; /* milliseconds since 1970 */
	__u64 reserved[5];
};

struct counter {
	__u64 packets;
	__u64 bytes; /* of frames as they came in, from the Ethernet header on */
};

/* All counters of one CPU: tallies, then those of services, then those of servers, each by id. */
struct cpu_counters {
	struct counter tallies[TALLIES];
	struct counter services[SERVICE_CAPACITY];
	struct counter servers[SERVER_CAPACITY];
};

/* Names of what the ids mean, for status without the daemon; the program does not read them. UTF-8, zero-filled. */
struct label {
	char name[LABEL_BYTES];
	char pool[LABEL_BYTES];
	__be32 address;
	__u16 port; /* host byte order */
	__u8 protocol;
	__u8 flags; /* LABEL_* */
	__u32 weight;
	__u8 encapsulation; /* enum encapsulation */
	__u8 reserved0[3];
	__u32 reserved1[4];
};

#define LABEL_USED	 (1 << 0)
#define LABEL_DISABLED	 (1 << 1) /* switched off by the operator */
#define LABEL_UNRESOLVED (1 << 2) /* no next hop yet */

/* What a change writes as a whole and a packet reads from one of two. */
struct half {
	struct settings settings;
	struct interface interfaces[INTERFACES];
	struct vip vips[VIP_ENTRIES];
	struct service services[SERVICE_ENTRIES];
	struct server servers[SERVER_CAPACITY];
};

/*
 * Everything that a program reads without a look-up: the .bss section, which user space maps as a whole. It stays below
 * 4 MiB, which is what kernels before 6.10 take as one map element; larger tables are maps of small elements.
 */
struct tables {
	struct control control;
	struct half halves[HALVES];
} tables;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct slot_block);
	__uint(max_entries, SLOT_BLOCKS);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct cpu_counters);
	__uint(max_entries, 1); /* set at load: CPUs */
} counters SEC(".maps");

/* Labels of services by id, then those of servers by id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct label);
	__uint(max_entries, SERVICE_CAPACITY + SERVER_CAPACITY);
} labels SEC(".maps");

/* Set before load, so that the verifier removes what a director does not need. */
const volatile bool one_arm = true; /* every server is reached by the interface that its packets come in by */
