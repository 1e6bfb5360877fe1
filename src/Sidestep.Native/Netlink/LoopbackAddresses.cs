using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Addresses on the loopback device: the host accepts packets for them and answers from them, but never
/// chooses them as the source of its own connections. Added without duplicate address detection.</summary>
public static class LoopbackAddresses
{
    private const ushort NewAddress = 20;
    private const ushort AddressAttribute = 1, LocalAttribute = 2, CacheInfoAttribute = 6, FlagsAttribute = 8;
    private const uint NoDuplicateDetection = 0x02;

    /// <summary>Adds an address to the loopback device, so that the host accepts packets to it.</summary>
    /// <remarks>IPv4 addresses get scope host. IPv6 has no such scope; there a preferred lifetime of 0 has the same
    /// effect. A deprecated address is not chosen while there is another (RFC 6724, section 5, rule 3), and otherwise
    /// works as before (RFC 4862, section 5.5.4).</remarks>
    /// <param name="socket">Of the network namespace.</param>
    /// <param name="interfaceIndex">Index of the loopback device.</param>
    /// <param name="address">Added with the full prefix length.</param>
    /// <exception cref="NativeException">EEXIST: it exists already. EACCES: IPv6 is off on the device.</exception>
    public static void Add(NetlinkSocket socket, int interfaceIndex, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(address);
        socket.Execute(Request(interfaceIndex, address));
    }

    internal static NetlinkRequest Request(int interfaceIndex, IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var isIpv4 = bytes.Length == 4;
        var scope = isIpv4 ? AddressScope.Host : AddressScope.Universe;
        var family = NetlinkFamily.Of(address.AddressFamily);
        Span<byte> message = [family, (byte)(bytes.Length * 8), 0, (byte)scope, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
        const ushort Flags = NetlinkRequest.Create | NetlinkRequest.Exclusive;
        var request = new NetlinkRequest($"add address {address}", NewAddress, Flags, message)
            .With(LocalAttribute, bytes).With(AddressAttribute, bytes);
        if (!isIpv4)
        {
            // struct ifa_cacheinfo: preferred, valid (seconds; all ones is infinite), created, updated
            Span<byte> lifetimes = stackalloc byte[16];
            lifetimes.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(lifetimes[4..], uint.MaxValue);
            request.With(CacheInfoAttribute, lifetimes).With(FlagsAttribute, NoDuplicateDetection);
        }
        return request;
    }
}
