using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Packets;

/// <summary>An IPv6 address as a value: unlike <see cref="IPAddress"/> it costs no allocation per packet.</summary>
/// <param name="Value">The address as an integer in host order: 2001:db8::1 is 0x20010DB8 followed by zeros and a one.</param>
public readonly record struct Ipv6Address(UInt128 Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 16;

    /// <summary>Converts; a scope is lost.</summary>
    /// <exception cref="ArgumentException">The address is not of the IPv6 family.</exception>
    public static Ipv6Address From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{address} is not an IPv6 address", nameof(address));
        Span<byte> bytes = stackalloc byte[Length];
        address.TryWriteBytes(bytes, out _);
        return Read(bytes);
    }

    /// <summary>Reads the address from the first sixteen bytes, in wire order.</summary>
    /// <param name="bytes">At least sixteen bytes.</param>
    public static Ipv6Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>The multicast group that everybody with this address listens to (RFC 4291 section 2.7.1).</summary>
    public Ipv6Address SolicitedNode => new(new UInt128(0xff02_0000_0000_0000, 0x0000_0001_ff00_0000) | Value & 0xff_ffff);

    /// <summary>A group of receivers (RFC 4291 section 2.7).</summary>
    public bool IsMulticast => Value >> 120 == 0xff;

    /// <summary>The Ethernet address that carries it, of a multicast address (RFC 2464 section 7).</summary>
    public MacAddress MulticastMac => new(0x3333_0000_0000 | (ulong)(Value & 0xffff_ffff));

    /// <summary>Writes the sixteen bytes in wire order.</summary>
    /// <param name="bytes">At least sixteen bytes; the first sixteen are written.</param>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);

    /// <summary>Converts.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new IPAddress(bytes);
    }

    /// <summary>The address as RFC 5952 writes it.</summary>
    public override string ToString() => ToIPAddress().ToString();
}
