using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Sidestep.Model;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Computes the hash that chooses the slot (docs/flow-hash.md), and the IDs of flows, clients and fragmented
/// datagrams in their tables.</summary>
internal static class FlowId
{
    private const ulong EntropyMultiplier = 0x9fb21c651e98df25;
    private const int FragmentBit = 0x100;

    /// <summary>The flow hash that chooses the slot. Without ports, all packets of a client go to one
    /// server.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Hash(PipelineTables tables, HashFields fields, Packet p) =>
        fields == HashFields.SourceAddress && !p.IsIpv6
            ? FlowHash.Mix(tables.HashHigh, BinaryPrimitives.ReverseEndianness((uint)p.Source0), tables.HashLow)
            : HashOfOthers(tables, p.HashesSourceAlone ? HashFields.SourceAddress : fields, p);

    /// <summary>The flow hash of IPv6, of echo requests, and of more fields than the source address.</summary>
    private static ulong HashOfOthers(PipelineTables tables, HashFields fields, Packet p)
    {
        ulong state = tables.HashHigh, low = tables.HashLow;
        if (fields == HashFields.DestinationPort)
            return FlowHash.Mix(state, (uint)p.DestinationPort, low);
        if (!p.IsIpv6)
        {
            ulong source = BinaryPrimitives.ReverseEndianness((uint)p.Source0);
            if (fields == HashFields.SourceAddress)
                return FlowHash.Mix(state, source, low);
            if (fields == HashFields.SourceAddressAndPort)
                return FlowHash.Mix(state, source << 32 | (uint)p.SourcePort, low);
            state = FlowHash.Mix(state, source << 32 | BinaryPrimitives.ReverseEndianness((uint)p.Destination0), low);
        }
        else
        {
            state = MixAddress(state, p.Source0, p.Source1, low);
            if (fields == HashFields.SourceAddress)
                return state;
            if (fields == HashFields.SourceAddressAndPort)
                return FlowHash.Mix(state, (uint)p.SourcePort, low);
            state = MixAddress(state, p.Destination0, p.Destination1, low);
        }
        return FlowHash.Mix(state, (ulong)p.Protocol << 32 | p.HostPorts, low);
    }

    /// <summary>ID of a flow in the flow table: a hash of the whole tuple under the key with its two words exchanged;
    /// never 0 or 1. Two flows have the same ID with a probability of 2^-63.</summary>
    internal static ulong OfFlow(PipelineTables tables, Packet p) => Of(
        tables, p.IsIpv6, p.Source0, p.Source1, p.Destination0, p.Destination1, p.Protocol, p.Ports);

    /// <summary>ID of a client in the flow table, with source persistence: a hash of the prefix of its address and the
    /// service.</summary>
    internal static ulong OfClient(PipelineTables tables, ServiceRecord service, Packet p)
    {
        var persistence = service.Entry.Persistence!;
        ulong first, second = 0;
        if (!p.IsIpv6)
        {
            var source = BinaryPrimitives.ReverseEndianness((uint)p.Source0);
            first = BinaryPrimitives.ReverseEndianness(source & (uint)Mask(persistence.PrefixLength4, 32));
        }
        else
        {
            var bits = persistence.PrefixLength6;
            first = BinaryPrimitives.ReverseEndianness(
                BinaryPrimitives.ReverseEndianness(p.Source0) & Mask(Math.Min(bits, 64), 64));
            second = bits <= 64 ? 0 : BinaryPrimitives.ReverseEndianness(
                BinaryPrimitives.ReverseEndianness(p.Source1) & Mask(bits - 64, 64));
        }
        return Of(tables, p.IsIpv6, first, second, (uint)service.Id, 0, 0, 0);
    }

    /// <summary>ID of a fragmented datagram in the fragment table. With IPv6, it does not cover the protocol: the next
    /// header of a later fragment may differ from that of the first (RFC 8200 section 4.5).</summary>
    internal static ulong OfDatagram(PipelineTables tables, Packet p) => Of(
        tables, p.IsIpv6, p.Source0, p.Source1, p.Destination0, p.Destination1,
        FragmentBit | (p.IsIpv6 ? 0 : p.Protocol), p.FragmentId);

    /// <summary>Flow entropy of outer headers, so that a real server's network card spreads flows over its queues (RFC
    /// 6438). It is cheap to compute and not secret.</summary>
    internal static uint Entropy(Packet p)
    {
        var mixed = p.Source0 ^ p.Source1 ^ (ulong)p.Ports << 32 ^ (uint)p.Protocol;
        mixed *= EntropyMultiplier;
        mixed ^= mixed >> 32;
        mixed *= EntropyMultiplier;
        return (uint)(mixed >> 32);
    }

    private static ulong Of(
        PipelineTables tables, bool isIpv6, ulong source0, ulong source1, ulong destination0, ulong destination1,
        int protocol, uint rest)
    {
        ulong state = tables.HashLow, low = tables.HashHigh;
        state = isIpv6
            ? MixAddress(MixAddress(state, source0, source1, low), destination0, destination1, low)
            : FlowHash.Mix(state, source0 << 32 | (uint)destination0, low);
        return FlowHash.Mix(state, (ulong)(uint)protocol << 40 | (isIpv6 ? 1UL << 32 : 0) | rest, low) | 2;
    }

    private static ulong MixAddress(ulong state, ulong first, ulong second, ulong low) => FlowHash.Mix(
        FlowHash.Mix(state, BinaryPrimitives.ReverseEndianness(first), low),
        BinaryPrimitives.ReverseEndianness(second), low);

    /// <summary>A word with ones from bit <paramref name="width"/> - <paramref name="bits"/> upwards: the mask of a
    /// prefix of <paramref name="bits"/> bits, at least one.</summary>
    private static ulong Mask(int bits, int width) => ulong.MaxValue << width - bits;
}
