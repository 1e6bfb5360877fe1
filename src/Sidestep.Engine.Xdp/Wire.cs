using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Addresses as the program loads them: their bytes in wire order, in host words.</summary>
internal static class Wire
{
    internal static bool IsIpv6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>The four bytes of an IPv4 address.</summary>
    internal static uint Word(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out _) ? BitConverter.ToUInt32(bytes) : throw new ArgumentException($"{address} is not an IPv4 address", nameof(address));
    }

    /// <summary>The sixteen bytes of an IPv6 address.</summary>
    internal static AddressWords Words(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var words = default(AddressWords);
        words[0] = BitConverter.ToUInt64(bytes);
        words[1] = BitConverter.ToUInt64(bytes[8..]);
        return words;
    }

    /// <summary>Either family; IPv4 in the first four bytes.</summary>
    internal static AddressBytes Bytes(IPAddress? address)
    {
        var bytes = default(AddressBytes);
        address?.TryWriteBytes(bytes, out _);
        return bytes;
    }

    /// <summary>Reads <see cref="Word"/>.</summary>
    internal static IPAddress Address(uint word) => new(word);

    /// <summary>Reads <see cref="Words"/>, or an IPv4 address from the first four bytes.</summary>
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
