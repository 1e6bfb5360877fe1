using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Packets;

/// <summary>An IPv4 address as a value type: unlike <see cref="IPAddress"/>, it needs no allocation per
/// packet.</summary>
/// <param name="Value">The address as an integer in host byte order: 192.0.2.1 is 0xC0000201.</param>
public readonly record struct Ipv4Address(uint Value)
{
    /// <summary>Length on the wire in bytes.</summary>
    public const int Length = 4;

    /// <summary>0.0.0.0, the sender address of an ARP probe (RFC 5227 section 2.1.1).</summary>
    public static Ipv4Address Any => default;

    /// <summary>Converts from the run-time library's type.</summary>
    /// <exception cref="ArgumentException">The address is not an IPv4 address.</exception>
    public static Ipv4Address From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetwork)
            throw new ArgumentException($"{address} is not an IPv4 address", nameof(address));
        Span<byte> bytes = stackalloc byte[Length];
        address.TryWriteBytes(bytes, out _);
        return Read(bytes);
    }

    /// <summary>Reads the address from the first four bytes, in network byte order.</summary>
    /// <param name="bytes">At least four bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than four bytes.</exception>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Writes the four bytes in network byte order.</summary>
    /// <param name="bytes">At least four bytes; the first four are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than four bytes.</exception>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt32BigEndian(bytes, Value);

    /// <summary>Converts to the run-time library's type; allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new IPAddress(bytes);
    }

    /// <summary>The address in dotted decimal: <c>192.0.2.1</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Value >> 24}.{Value >> 16 & 0xff}.{Value >> 8 & 0xff}.{Value & 0xff}");
}
