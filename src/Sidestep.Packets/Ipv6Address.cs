using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Packets;

/// <summary>An IPv6 address as a value type: unlike <see cref="IPAddress"/>, it needs no allocation per
/// packet.</summary>
/// <param name="Value">The address as an integer in host byte order: the most significant 32 bits of 2001:db8::1 are
/// 0x20010DB8, the least significant bit is 1.</param>
public readonly record struct Ipv6Address(UInt128 Value)
{
    /// <summary>Length on the wire in bytes.</summary>
    public const int Length = 16;

    /// <summary>Converts from the run-time library's type; a scope ID is dropped.</summary>
    /// <exception cref="ArgumentException">The address is not an IPv6 address.</exception>
    public static Ipv6Address From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{address} is not an IPv6 address", nameof(address));
        Span<byte> bytes = stackalloc byte[Length];
        address.TryWriteBytes(bytes, out _);
        return Read(bytes);
    }

    /// <summary>Reads the address from the first 16 bytes, in network byte order.</summary>
    /// <param name="bytes">At least 16 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 16 bytes.</exception>
    public static Ipv6Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>The solicited-node multicast address of this address (RFC 4291 section 2.7.1): every interface with
    /// this address joins that group.</summary>
    public Ipv6Address SolicitedNode =>
        new(new UInt128(0xff02_0000_0000_0000, 0x0000_0001_ff00_0000) | Value & 0xff_ffff);

    /// <summary>True for a multicast address, ff00::/8 (RFC 4291 section 2.7).</summary>
    public bool IsMulticast => Value >> 120 == 0xff;

    /// <summary>Of a multicast address: the Ethernet address that its packets are sent to (RFC 2464 section
    /// 7).</summary>
    public MacAddress MulticastMac => new(0x3333_0000_0000 | (ulong)(Value & 0xffff_ffff));

    /// <summary>Writes the 16 bytes in network byte order.</summary>
    /// <param name="bytes">At least 16 bytes; the first 16 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 16 bytes.</exception>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);

    /// <summary>Converts to the run-time library's type; allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new IPAddress(bytes);
    }

    /// <summary>The address in the canonical form of RFC 5952.</summary>
    public override string ToString() => ToIPAddress().ToString();
}
