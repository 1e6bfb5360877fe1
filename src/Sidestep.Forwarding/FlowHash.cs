using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The keyed flow hash of docs/flow-hash.md; src/bpf/hash.h and select.h are the same in C.</summary>
/// <remarks>Addresses and ports enter as integers in host byte order: 192.0.2.1 is 0xC0000201. An IPv6 address enters
/// as two 64-bit integers, the upper one first.</remarks>
public static class FlowHash
{
    private const ulong Multiplier = 0xd6e8feb86659fd93;

    /// <summary>Hash over the selected fields of a flow, for both families.</summary>
    /// <exception cref="ArgumentException">Source and destination are of different families.</exception>
    public static ulong Of(HashKey key, HashFields fields, in Flow flow)
    {
        if (flow.Source.AddressFamily != flow.Destination.AddressFamily)
            throw new ArgumentException($"{flow.Source} and {flow.Destination} are of different families",
                nameof(flow));
        return fields switch
        {
            HashFields.SourceAddress => OfSource(key, flow.Source),
            HashFields.SourceAddressAndPort => OfSourceAndPort(key, flow.Source, flow.SourcePort),
            HashFields.FiveTuple => OfFiveTuple(key, flow),
            HashFields.DestinationPort => Mix(key.High, flow.DestinationPort, key.Low),
            _ => throw new ArgumentOutOfRangeException(nameof(fields), fields, null),
        };
    }

    /// <summary>Hash over an IPv4 source address alone, in host byte order.</summary>
    public static ulong OfSource(HashKey key, uint source) => Mix(key.High, source, key.Low);

    /// <summary>Hash over both addresses, both ports and the protocol, for IPv4.</summary>
    public static ulong OfFiveTuple(
        HashKey key, uint source, uint destination, ushort sourcePort, ushort destinationPort, byte protocol)
    {
        var state = Mix(key.High, (ulong)source << 32 | destination, key.Low);
        return Mix(state, (ulong)protocol << 32 | (ulong)sourcePort << 16 | destinationPort, key.Low);
    }

    /// <summary>The slot of a hash in a table of <paramref name="slotCount"/> slots: its upper 32 bits,
    /// scaled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Slot(ulong hash, int slotCount) => (int)((hash >> 32) * (ulong)slotCount >> 32);

    /// <summary>Mixes one word into the state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Mix(ulong state, ulong word, ulong low)
    {
        state ^= word;
        state ^= state >> 32;
        state *= Multiplier;
        state ^= low;
        state ^= state >> 32;
        state *= Multiplier;
        return state ^ state >> 32;
    }

    private static ulong OfSource(HashKey key, IPAddress source) =>
        IsIpv4(source) ? OfSource(key, ToUInt32(source)) : MixIpv6(key.High, source, key.Low);

    private static ulong OfSourceAndPort(HashKey key, IPAddress source, ushort port) => IsIpv4(source)
        ? Mix(key.High, (ulong)ToUInt32(source) << 32 | port, key.Low)
        : Mix(MixIpv6(key.High, source, key.Low), port, key.Low);

    private static ulong OfFiveTuple(HashKey key, in Flow flow)
    {
        if (IsIpv4(flow.Source))
        {
            return OfFiveTuple(
                key, ToUInt32(flow.Source), ToUInt32(flow.Destination), flow.SourcePort, flow.DestinationPort,
                flow.Protocol);
        }
        var state = MixIpv6(MixIpv6(key.High, flow.Source, key.Low), flow.Destination, key.Low);
        return Mix(state, (ulong)flow.Protocol << 32 | (ulong)flow.SourcePort << 16 | flow.DestinationPort, key.Low);
    }

    /// <summary>Mixes the upper and the lower 64 bits of an IPv6 address into the state.</summary>
    private static ulong MixIpv6(ulong state, IPAddress address, ulong low)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        state = Mix(state, BinaryPrimitives.ReadUInt64BigEndian(bytes), low);
        return Mix(state, BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), low);
    }

    private static bool IsIpv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static uint ToUInt32(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }
}
