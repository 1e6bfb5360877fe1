using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Addresses as the program loads them: bytes in wire order, read as host words.</summary>
internal static class Wire
{
    internal static bool IsIpv6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The four bytes of an IPv4 address as one word.</summary>
    internal static uint Word(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out _)
            ? BitConverter.ToUInt32(bytes)
            : throw new ArgumentException($"{address} is not an IPv4 address", nameof(address));
    }

    /// <summary>The sixteen bytes of an IPv6 address as two words.</summary>
    internal static AddressWords Words(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var words = default(AddressWords);
        words[0] = BitConverter.ToUInt64(bytes);
        words[1] = BitConverter.ToUInt64(bytes[8..]);
        return words;
    }

    /// <summary>The bytes of an address of either family; IPv4 in the first four bytes, zeros for null.</summary>
    internal static AddressBytes Bytes(IPAddress? address)
    {
        var bytes = default(AddressBytes);
        address?.TryWriteBytes(bytes, out _);
        return bytes;
    }

    /// <summary>The IPv4 address of a <see cref="Word"/>.</summary>
    internal static IPAddress Address(uint word) => new(word);

    /// <summary>The address of <see cref="Words"/>, or the IPv4 address in the first four bytes.</summary>
    internal static IPAddress Address(AddressWords words, bool isIpv6)
    {
        if (!isIpv6)
            return Address((uint)words[0]);
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, words[0]);
        BitConverter.TryWriteBytes(bytes[8..], words[1]);
        return new IPAddress(bytes);
    }
}
